// Paths inside the container's root, which the container's image or a process that shares a volume
// controls. Nothing here resolves them by name from the host:
//
// - openat2 with RESOLVE_IN_ROOT keeps every link inside the root;
// - what is missing is made component by component, each mkdirat of ONE name on the descriptor of its
//   verified parent: a whole path would follow a link of the image to the host (CVE-2024-45310);
// - from then on only the descriptor is used (CVE-2021-30465).

import {
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_PATH,
  O_WRONLY,
  OPEN_HOW_BYTES,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { pathComponents } from "../oci/path-components.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Catch, Label, Register } from "../program/program.ts";
import { openHow } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;

export interface Target {
  /** The root that the path is resolved in. */
  readonly root: Register;
  /** In the container; absolute or relative, "." and empty components are dropped. */
  readonly path: string;
  /** What to make when there is nothing. */
  readonly missing: "directory" | "file" | "fail";
  /** A link anywhere in the path is an error (ELOOP). */
  readonly noLinks?: boolean;
  /** Where to go on when it can be neither opened nor made; else that is a failure. */
  readonly refused?: Label;
}

/**
 * A register with an O_PATH descriptor of the target. A path of one component is made without asking:
 * mkdirat says EEXIST, even on a read-only file system. A longer one is opened first, since it is
 * there more often than not.
 */
export function openTarget(program: ProgramBuilder, target: Target): Register {
  const components = pathComponents(target.path);
  const path = components.length === 0 ? "." : components.join("/");
  const result = program.register("target");
  if (target.missing === "fail" || components.length === 0) {
    openInRoot(program, { ...target, path }, result);
    return result;
  }
  if (components.length === 1) {
    makeMissing(program, target, components, result);
    return result;
  }
  const missing = program.label();
  const done = program.label();
  openInRoot(program, { ...target, path }, result, missing);
  program.jump(done);
  program.place(missing);
  makeMissing(program, target, components, result);
  program.place(done);
  return result;
}

/** openat2 in the root into `result`; ENOENT goes on at `missing`, where given. */
export function openInRoot(
  program: ProgramBuilder,
  target: Pick<Target, "root" | "path" | "noLinks" | "refused">,
  result: Register,
  missing?: Label,
): void {
  const links = target.noLinks === true ? RESOLVE_NO_SYMLINKS : 0;
  const how = openHow(program, {
    flags: O_PATH | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | links,
  });
  program.callInto(
    result,
    "openat2",
    [target.root, program.text(target.path), how, OPEN_HOW_BYTES],
    {
      describes: () => `open ${JSON.stringify(`/${target.path}`)} in the container's root`,
      ...whereCaught(target.refused, missing),
    },
  );
}

/** Where `refused` is given nothing fails: what a first try met, the second one meets again. */
function whereCaught(refused?: Label, missing?: Label): { readonly caught?: Catch } {
  const target = missing ?? refused;
  if (target === undefined) {
    return {};
  }
  return { caught: { errnos: refused === undefined ? [Errno.ENOENT] : "any", target } };
}

/** Component by component: each is made if it is not there, and then opened in the root again. */
function makeMissing(
  program: ProgramBuilder,
  target: Target,
  components: readonly string[],
  result: Register,
): void {
  let parent = target.root;
  components.forEach((name, index) => {
    const isLast = index === components.length - 1;
    if (isLast && target.missing === "file") {
      makeFile(program, parent, name);
    } else {
      const errnos = target.refused === undefined ? [Errno.EEXIST] : "any";
      makeDirectory(program, parent, { name, errnos });
    }
    const opened = isLast ? result : program.register("parent");
    const path = components.slice(0, index + 1).join("/");
    openInRoot(program, { ...target, path }, opened);
    if (parent !== target.root) {
      program.close(parent);
    }
    parent = opened;
  });
}

function makeDirectory(
  program: ProgramBuilder,
  parent: Register,
  { name, errnos }: { readonly name: string; readonly errnos: Catch["errnos"] },
): void {
  const mode = named(DIRECTORY_MODE, "0755");
  program.call("mkdirat", [parent, program.text(name), mode], {
    caught: { errnos },
    describes: () => `make the directory ${JSON.stringify(name)} for a mount`,
  });
}

/** O_EXCL: a dangling link must not lead the new file elsewhere. */
function makeFile(program: ProgramBuilder, parent: Register, name: string): void {
  const openFlags = flags(O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, OPEN_NAMES);
  const mode = named(FILE_MODE, "0644");
  const file = program.register("file");
  const exists = program.label();
  program.callInto(file, "openat", [parent, program.text(name), openFlags, mode], {
    caught: { errnos: [Errno.EEXIST], target: exists },
    describes: () => `make the file ${JSON.stringify(name)} for a mount`,
  });
  program.close(file);
  program.place(exists);
}
