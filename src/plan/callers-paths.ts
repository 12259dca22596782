// Paths of an ordinary user whose container has another one of the user's ids as its root. To that one the
// user's folders may be closed. So init finds all that it needs of them before it becomes that root: it is the
// user until then, and has all capabilities over its own mount namespace.
//
// An overlay is made by the container's root all the same: what it makes in the writable layer belongs to
// whoever makes the overlay.

import { openBindSources } from "./bind-sources.ts";
import type { PlanContext } from "./context.ts";
import { configureOverlay, openFolders } from "./overlay.ts";
import { openRootTree } from "./root-filesystem.ts";

export function openCallersPaths(context: PlanContext): void {
  const { program, request, early } = context;
  const { rootFilesystem } = request;
  if (rootFilesystem.areCallers !== true) {
    return;
  }
  openBindSources(context);
  program.because("root.path");
  if (rootFilesystem.kind === "path") {
    early.root = openRootTree(program, rootFilesystem.path);
  } else if (rootFilesystem.takesAllAtOnce === true) {
    early.folders = openFolders(program, rootFilesystem);
  } else {
    early.overlay = configureOverlay(program, rootFilesystem);
  }
}
