// Mounts that a container shares with another one, as those of a pod share /dev/shm and its volumes in memory.
//
// A mount can be copied only by a process in its mount namespace. So the stage clones one that joins it:
// both have the same table of descriptors, where the copy takes the place of a descriptor that the stage has
// opened for it. What is mounted belongs to nobody else: the host has nothing to unmount.

import { AT_SYMLINK_NOFOLLOW, O_CLOEXEC } from "../abi/file.ts";
import { OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../abi/mount.ts";
import { CLONE_FILES } from "../abi/process.ts";
import { flags, named } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { awaitSuccess, cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY, openPath, type PlanContext } from "./context.ts";
import { OPEN_TREE_NAMES } from "./flag-names.ts";
import { joinNamespaces } from "./namespaces.ts";
import type { SharedMounts } from "./request.ts";

/** Fills `outer.bindSources` for those mounts that are shared. */
export function openSharedMounts({ program, request, outer }: PlanContext): void {
  const { sharedMounts, spec } = request;
  const found = (spec.mounts ?? []).flatMap(({ destination }, index) => {
    const shared = sharedMounts?.mounts.find((each) => each.destination === destination);
    return shared === undefined ? [] : [{ source: shared.source, index }];
  });
  if (sharedMounts === undefined || found.length === 0) {
    return;
  }
  program.because(`mounts[${found[0]?.index ?? 0}].source`);
  const places = found.map(({ source, index }) => {
    const place = openPath(program, "/", "shared");
    outer.bindSources.set(index, place);
    return { source, place };
  });
  const afterOpener = program.label();
  const opener = program.fork(
    cloneArguments(program, { flags: CLONE_FILES }),
    "opener",
    afterOpener,
  );
  joinNamespaces(program, namespacesOf(sharedMounts));
  for (const { source, place } of places) {
    const describes = () => `share the mount ${JSON.stringify(source)}`;
    const treeFlags = flags(
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW,
      OPEN_TREE_NAMES,
    );
    const words = [CURRENT_DIRECTORY, program.text(source), treeFlags];
    const tree: Register = program.call("open_tree", words, { result: "tree", describes });
    program.call("dup3", [tree, place, named(O_CLOEXEC, "CLOEXEC")], { describes });
    program.close(tree);
  }
  program.control("exit", [0]);
  program.endFork(afterOpener);
  // Of what it has not opened the place still is the host's root.
  awaitSuccess(program, opener, "share the mounts of another container");
}

function namespacesOf({ mountNamespace, userNamespace }: SharedMounts) {
  const reason = "mounts";
  return [
    ...(userNamespace === undefined
      ? []
      : [{ type: "user", path: userNamespace, reason } as const]),
    { type: "mount", path: mountNamespace, reason } as const,
  ];
}
