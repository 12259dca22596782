// Bind sources, as detached copies that are attached when it is their turn.

import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  O_CLOEXEC,
  O_PATH,
  OPEN_HOW_BYTES,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from "../abi/file.ts";
import { MS_SHARED, MS_SLAVE, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../abi/mount.ts";
import type { Mount } from "../oci/mount.ts";
import { flags } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, openHow, type PlanContext } from "./context.ts";
import { OPEN_TREE_NAMES } from "./flag-names.ts";
import { mapMountIds } from "./id-mapped-mounts.ts";
import { setAttributes } from "./mount-attributes.ts";
import { type MountOptions, sortMountOptions } from "./mount-options.ts";
import { describeMount } from "./mount-step.ts";
import { openSharedMounts } from "./shared-mounts.ts";

/**
 * Before the clone, in the host's namespaces: detached copies of the bind sources that init could not
 * open from its user namespace, of those whose ids are mapped, and of those that are to stay peers of
 * the host's mounts: in the container's mount namespace all is made a slave.
 */
export function openOuterBindSources(context: PlanContext, hasUserNamespace: boolean): void {
  const { program, request, outer } = context;
  const privilegeIsOutside = hasUserNamespace && request.facts.privileged;
  openSharedMounts(context);
  request.spec.mounts?.forEach((mount, index) => {
    if (outer.bindSources.has(index)) {
      return;
    }
    const options = sortMountOptions(mount);
    const isSpecial = privilegeIsOutside || options.idmap !== "no" || isShared(options);
    if (options.bind === "no" || options.remount || !isSpecial) {
      return;
    }
    program.because(`mounts[${index}].source`);
    const tree = openBindSource(context, mount, options);
    if (!isShared(options)) {
      // The copy is still a peer of the host's mount: what the container mounts must not go back.
      const slave = { set: 0, clear: 0, propagation: MS_SLAVE, recursive: true };
      setAttributes(program, tree, slave);
    }
    if (options.idmap !== "no") {
      program.because(`mounts[${index}].uidMappings`);
      mapMountIds(context, tree, { mount, index, recursive: options.idmap === "ridmap" });
    }
    outer.bindSources.set(index, tree);
  });
}

/** In init: those that have not been opened before. */
export function openBindSources(context: PlanContext): void {
  const { program, request, outer, early } = context;
  request.spec.mounts?.forEach((mount, index) => {
    const options = sortMountOptions(mount);
    if (options.bind !== "no" && !options.remount && !outer.bindSources.has(index)) {
      program.because(`mounts[${index}].source`);
      early.bindSources.set(index, openBindSource(context, mount, options));
    }
  });
}

/** What is mounted below it, by the container or on the host, is to appear on both sides. */
function isShared({ propagation, recursivePropagation }: MountOptions): boolean {
  return propagation === MS_SHARED || recursivePropagation === MS_SHARED;
}

export function openBindSource(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
): Register {
  const { program, request } = context;
  const source = mount.source ?? "";
  const path = source.startsWith("/") ? source : `${request.bundle}/${source}`;
  const recursive = options.bind === "rbind" ? AT_RECURSIVE : 0;
  const treeFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive;
  if (options.subdirectory !== undefined) {
    const part = openPart(context, path, { mount, subdirectory: options.subdirectory });
    const words = [part, program.text(""), flags(treeFlags | AT_EMPTY_PATH, OPEN_TREE_NAMES)];
    const tree = program.call("open_tree", words, {
      result: "tree",
      describes: describeMount(mount),
    });
    program.close(part);
    return tree;
  }
  const words = [CURRENT_DIRECTORY, program.text(path), flags(treeFlags, OPEN_TREE_NAMES)];
  return program.call("open_tree", words, { result: "tree", describes: describeMount(mount) });
}

/** What writes into a source may have made links in it: they lead nowhere but inside. */
function openPart(
  { program }: PlanContext,
  path: string,
  { mount, subdirectory }: { readonly mount: Mount; readonly subdirectory: string },
): Register {
  const flagsOfPath = O_PATH | O_CLOEXEC;
  const anywhere = openHow(program, { flags: flagsOfPath, resolve: 0 });
  const words = [CURRENT_DIRECTORY, program.text(path), anywhere, OPEN_HOW_BYTES];
  const whole = program.call("openat2", words, {
    result: "whole",
    describes: describeMount(mount),
  });
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const inside = openHow(program, { flags: flagsOfPath, resolve });
  const place = [whole, program.text(subdirectory), inside, OPEN_HOW_BYTES];
  const part = program.call("openat2", place, {
    result: "part",
    describes: () => `open ${JSON.stringify(subdirectory)} in ${JSON.stringify(path)}`,
  });
  program.close(whole);
  return part;
}
