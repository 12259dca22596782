// Mounts of type "cgroup": what the container sees of its own cgroups.
//
// On a v2 host that is one cgroup2 mount. On a v1 or hybrid host it is a tmpfs with one mount for each
// hierarchy, and links for controllers that share one ("cpu" -> "cpu,cpuacct").
//
// With a cgroup namespace the file systems themselves show only the container's part. Without one,
// they would show the host's whole tree, so the container's own directories are bound instead.

import { AT_RECURSIVE, O_CLOEXEC, O_PATH } from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_SLAVE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Label, Register, Words } from "../program/program.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { MOUNT_ATTR_NAMES, MS_NAMES, OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import type { CgroupMountFacts } from "./host-facts.ts";
import { setAttributes } from "./mount-attributes.ts";
import { attachMount, describeMount, type MountStep, moveMount } from "./mount-step.ts";

const SAFE_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

export function mountCgroup(step: MountStep, target: Register): void {
  if (step.context.request.facts.cgroup.layout === "v2") {
    mountUnified(step, target);
  } else {
    mountHierarchies(step, target);
  }
}

function hasCgroupNamespace(step: MountStep): boolean {
  const namespaces = step.context.request.spec.linux?.namespaces ?? [];
  return namespaces.some(({ type }) => type === "cgroup");
}

interface FileSystem {
  readonly type: string;
  readonly source: string;
  /** "memory", "name=systemd", "mode=755" */
  readonly options: readonly string[];
  readonly attributes: number;
}

function makeDetached(
  program: ProgramBuilder,
  fileSystem: FileSystem,
  describes: Words,
  refused?: Label,
): Register {
  const { type, source, options } = fileSystem;
  const fs = program.call("fsopen", [program.text(type), named(FSOPEN_CLOEXEC, "CLOEXEC")], {
    result: "fs",
    describes,
  });
  const setString = named(FSCONFIG_SET_STRING, "SET_STRING");
  const setFlag = named(FSCONFIG_SET_FLAG, "SET_FLAG");
  const sourceArgs = [fs, setString, program.text("source"), program.text(source), 0];
  program.call("fsconfig", sourceArgs, { describes });
  for (const option of options) {
    const [key = "", value] = option.split("=", 2);
    const args =
      value === undefined
        ? [fs, setFlag, program.text(key), 0, 0]
        : [fs, setString, program.text(key), program.text(value), 0];
    program.call("fsconfig", args, { describes });
  }
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], {
    describes,
    ...(refused === undefined
      ? {}
      : { caught: { errnos: [Errno.EPERM, Errno.EBUSY], target: refused } }),
  });
  const attributes = flags(fileSystem.attributes, MOUNT_ATTR_NAMES);
  const tree = program.call("fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), attributes], {
    result: "tree",
    describes,
  });
  program.close(fs);
  return tree;
}

/** cgroup2; where a user namespace may not mount it, the host's tree, read-only (CVE-2023-25809). */
function mountUnified(step: MountStep, target: Register): void {
  const { context, mount, options } = step;
  const { program, request } = context;
  const describes = describeMount(mount);
  const refused = program.label();
  const done = program.label();
  const attributes = options.attributes.set | SAFE_ATTRIBUTES;
  const own = hasCgroupNamespace(step) ? undefined : request.cgroup.into[0];
  if (own !== undefined) {
    bindDirectory(step, own, target, attributes);
    program.close(target);
    return;
  }
  const data = options.data.filter((option) => option === "nsdelegate");
  const fileSystem = { type: "cgroup2", source: "cgroup", options: data, attributes };
  const tree = makeDetached(program, fileSystem, describes, refused);
  attachMount(program, tree, target, describes);
  program.close(tree);
  program.jump(done);
  program.place(refused);
  const unified = request.facts.cgroup.unified ?? "/sys/fs/cgroup";
  bindDirectory(step, unified, target, attributes | MOUNT_ATTR_RDONLY);
  program.place(done);
  program.close(target);
}

function bindDirectory(
  step: MountStep,
  source: string,
  target: Register,
  attributes: number,
): void {
  const { program } = step.context;
  const describes = () =>
    `mount ${JSON.stringify(source)} on ${JSON.stringify(step.mount.destination)}`;
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, OPEN_TREE_NAMES);
  const tree = program.call("open_tree", [CURRENT_DIRECTORY, program.text(source), treeFlags], {
    result: "tree",
    describes,
  });
  const change = { set: attributes, clear: 0, propagation: MS_SLAVE, recursive: true };
  setAttributes(program, tree, change, describes);
  attachMount(program, tree, target, describes);
  program.close(tree);
}

interface HierarchyMount {
  /** Name of the directory: "memory", "systemd", "cpu,cpuacct". */
  readonly name: string;
  readonly mountPoint: string;
  readonly fileSystem: "cgroup" | "cgroup2";
  readonly option: string;
  readonly links: readonly string[];
}

function hierarchyMounts(facts: CgroupMountFacts): HierarchyMount[] {
  const mounts = facts.hierarchies.map(({ mountPoint, controllers }): HierarchyMount => {
    const name = mountPoint.slice(mountPoint.lastIndexOf("/") + 1);
    const links = controllers.filter(
      (controller) => !controller.includes("=") && controller !== name,
    );
    return { name, mountPoint, fileSystem: "cgroup", option: controllers.join(","), links };
  });
  if (facts.layout === "hybrid" && facts.unified !== undefined) {
    const mountPoint = facts.unified;
    mounts.push({ name: "unified", mountPoint, fileSystem: "cgroup2", option: "", links: [] });
  }
  return mounts;
}

function mountHierarchies(step: MountStep, target: Register): void {
  const { context, mount, options } = step;
  const { program, request } = context;
  const describes = describeMount(mount);
  const tmpfs = makeDetached(
    program,
    {
      type: "tmpfs",
      source: "tmpfs",
      options: ["mode=755"],
      attributes: SAFE_ATTRIBUTES,
    },
    describes,
  );
  attachMount(program, tmpfs, target, describes);
  program.call("fchdir", [tmpfs], { describes });
  for (const hierarchy of hierarchyMounts(request.facts.cgroup)) {
    mountHierarchy(step, tmpfs, hierarchy);
  }
  const set = options.attributes.set | SAFE_ATTRIBUTES;
  setAttributes(program, tmpfs, { set, clear: 0, propagation: 0, recursive: true }, describes);
  program.call("chdir", [program.text("/")]);
  program.close(tmpfs);
  program.close(target);
}

/**
 * By mount(2), whose relative name is safe here: the current directory is a tmpfs that this process has
 * just made, in a mount namespace that has no other process. That takes two ops where the new API takes
 * eight, for each of ten hierarchies.
 */
function mountHierarchy(step: MountStep, tmpfs: Register, hierarchy: HierarchyMount): void {
  const { program } = step.context;
  const describes = () => `mount the cgroup hierarchy ${JSON.stringify(hierarchy.name)}`;
  const name = program.text(hierarchy.name);
  program.call("mkdirat", [tmpfs, name, named(0o755, "0755")], { describes });
  const own = hasCgroupNamespace(step) ? undefined : ownDirectory(step, hierarchy);
  if (!hasNewMountNamespace(step)) {
    mountHierarchyByDescriptor(step, tmpfs, hierarchy, own);
  } else if (own === undefined && showsHostTree(step)) {
    bindHostHierarchy(step, tmpfs, hierarchy);
  } else if (own === undefined) {
    const type = program.text(hierarchy.fileSystem);
    const data = hierarchy.option === "" ? 0 : program.text(hierarchyOptions(hierarchy).join(","));
    const mountFlags = flags(MS_NOSUID | MS_NODEV | MS_NOEXEC | readOnlyFlag(step), MS_NAMES);
    program.call("mount", [program.text("cgroup"), name, type, mountFlags, data], { describes });
  } else {
    const bind = flags(MS_BIND | MS_REC, MS_NAMES);
    program.call("mount", [program.text(own), name, 0, bind, 0], { describes });
  }
  for (const link of hierarchy.links) {
    program.call("symlinkat", [name, tmpfs, program.text(link)], { describes });
  }
}

/** An ordinary user may mount no tree but that of a cgroup namespace of the container's own. */
function showsHostTree(step: MountStep): boolean {
  return !hasCgroupNamespace(step) && !step.context.request.facts.privileged;
}

/** Read-only, as with cgroup2 (CVE-2023-25809). */
function bindHostHierarchy(step: MountStep, tmpfs: Register, hierarchy: HierarchyMount): void {
  const { program } = step.context;
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const name = program.text(hierarchy.name);
  const directory = program.call("openat", [tmpfs, name, openFlags], { result: "directory" });
  bindDirectory(step, hierarchy.mountPoint, directory, SAFE_ATTRIBUTES | MOUNT_ATTR_RDONLY);
  program.close(directory);
}

function readOnlyFlag({ options }: MountStep): number {
  return (options.attributes.set & MOUNT_ATTR_RDONLY) === 0 ? 0 : MS_RDONLY;
}

function hasNewMountNamespace({ context }: MountStep): boolean {
  const namespaces = context.request.spec.linux?.namespaces ?? [];
  return namespaces.some(({ type, path }) => type === "mount" && path === undefined);
}

function mountHierarchyByDescriptor(
  step: MountStep,
  tmpfs: Register,
  hierarchy: HierarchyMount,
  own: string | undefined,
): void {
  const { program } = step.context;
  const describes = () => `mount the cgroup hierarchy ${JSON.stringify(hierarchy.name)}`;
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const name = program.text(hierarchy.name);
  const directory = program.call("openat", [tmpfs, name, openFlags], { result: "directory" });
  const attributes = step.options.attributes.set | SAFE_ATTRIBUTES;
  if (own !== undefined) {
    bindDirectory(step, own, directory, attributes);
    program.close(directory);
    return;
  }
  const options = hierarchyOptions(hierarchy);
  const fileSystem = { type: hierarchy.fileSystem, source: "cgroup", options, attributes };
  moveMount(program, makeDetached(program, fileSystem, describes), directory, describes);
}

/** fsconfig takes "name=systemd" as a key with a value, controllers as flags. */
function hierarchyOptions(hierarchy: HierarchyMount): string[] {
  const options = hierarchy.option.split(",").filter((option) => option !== "");
  const isNamed = options.some((option) => option.startsWith("name="));
  return isNamed ? ["none", ...options] : options;
}

/** The container's directory in a hierarchy, from where init enters it. */
function ownDirectory(step: MountStep, hierarchy: HierarchyMount): string | undefined {
  const { tasks, into } = step.context.request.cgroup;
  const prefix = `${hierarchy.mountPoint}/`;
  const file = tasks.find((path) => path.startsWith(prefix));
  if (file !== undefined) {
    return file.slice(0, file.lastIndexOf("/"));
  }
  return into.find((path) => path.startsWith(prefix));
}
