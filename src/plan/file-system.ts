// A new file system, made by the new mount API: its superblock with the options of its type, and a
// detached mount of it.

import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_CMD_RECONFIGURE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  FSPICK_CLOEXEC,
  FSPICK_EMPTY_PATH,
} from "../abi/mount.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import { type Catch, type Register, type Words, wordsOf } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { MOUNT_ATTR_NAMES } from "./flag-names.ts";
import type { MountOptions } from "./mount-options.ts";
import { describeMount } from "./mount-step.ts";

/** As runc has it: a label for them would be refused, or would take them out of the policy's care. */
const LABELLED_BY_KERNEL: ReadonlySet<string> = new Set(["proc", "sysfs", "mqueue"]);

/** A detached mount of a new superblock. */
export function makeFileSystem(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
  refused?: Catch,
): Register {
  const tree = context.program.register("tree");
  makeFileSystemInto(tree, { context, mount, options, refused });
  return tree;
}

export interface NewFileSystem {
  readonly context: PlanContext;
  readonly mount: Mount;
  readonly options: MountOptions;
  readonly refused: Catch | undefined;
}

/** As makeFileSystem; `tree` gets the descriptor. */
export function makeFileSystemInto(tree: Register, made: NewFileSystem): void {
  const { context, mount, options, refused } = made;
  const { program } = context;
  const describes = describeMount(mount);
  const type = mount.type ?? "none";
  const caught = refused === undefined ? {} : { caught: refused };
  const openFlags = named(FSOPEN_CLOEXEC, "CLOEXEC");
  const fs = program.call("fsopen", [program.text(type), openFlags], {
    result: "fs",
    describes,
    ...caught,
  });
  const target = { program, fs, describes, caught };
  setString(target, "source", mount.source ?? type);
  for (const option of [...options.superblock, ...supportedData(context, mount, options)]) {
    configure(target, option);
  }
  setLabel(context, mount, target);
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], {
    describes,
    ...caught,
  });
  const attributes = flags(options.attributes.set, MOUNT_ATTR_NAMES);
  program.callInto(tree, "fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), attributes], {
    describes,
  });
  program.close(fs);
}

/** A file system that is being made, or made anew. */
interface Configured {
  readonly program: ProgramBuilder;
  readonly fs: Register;
  readonly describes: Words;
  readonly caught: { readonly caught?: Catch };
}

/** Every file of the mount gets it. The kernel's own file systems have labels of theirs. */
function setLabel({ program, request }: PlanContext, mount: Mount, target: Configured): void {
  const label = request.spec.linux?.mountLabel;
  if (label === undefined || label === "" || LABELLED_BY_KERNEL.has(mount.type ?? "")) {
    return;
  }
  const place = program.because("linux.mountLabel");
  setString(target, "context", label);
  program.because(place);
}

/** What the options of a mount say of the file system that is mounted at `target`. */
export function reconfigureFileSystem(
  program: ProgramBuilder,
  mount: Mount,
  options: MountOptions,
  target: Register,
): void {
  const wanted = [...options.superblock, ...options.data];
  if (wanted.length === 0) {
    return;
  }
  const describes = describeMount(mount);
  const pickFlags = named(FSPICK_CLOEXEC | FSPICK_EMPTY_PATH, "CLOEXEC|EMPTY_PATH");
  const fs = program.call("fspick", [target, program.text(""), pickFlags], {
    result: "fs",
    describes,
  });
  for (const option of wanted) {
    configure({ program, fs, describes, caught: {} }, option);
  }
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_RECONFIGURE, "RECONFIGURE"), 0, 0, 0], {
    describes,
  });
  program.close(fs);
}

/** devpts refuses a group that the user namespace does not map. */
function supportedData(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
): readonly string[] {
  const maps = context.request.spec.linux?.gidMappings;
  if (mount.type !== "devpts" || maps === undefined || maps.length === 0) {
    return options.data;
  }
  return options.data.filter((option) => {
    const gid = /^gid=(\d+)$/.exec(option)?.[1];
    const isMapped = maps.some(
      ({ containerID, size }) => Number(gid) >= containerID && Number(gid) < containerID + size,
    );
    return gid === undefined || isMapped;
  });
}

function configure(target: Configured, option: string): void {
  const equals = option.indexOf("=");
  if (equals >= 0) {
    setString(target, option.slice(0, equals), option.slice(equals + 1));
    return;
  }
  const { program, fs, describes, caught } = target;
  const args = [fs, named(FSCONFIG_SET_FLAG, "SET_FLAG"), program.text(option), 0, 0];
  program.call("fsconfig", args, {
    describes: () => `${wordsOf(describes)} with option ${quote(option)}`,
    ...caught,
  });
}

function setString(
  { program, fs, describes, caught }: Configured,
  key: string,
  value: string,
): void {
  const command = named(FSCONFIG_SET_STRING, "SET_STRING");
  program.call("fsconfig", [fs, command, program.text(key), program.text(value), 0], {
    describes:
      key === "source"
        ? describes
        : () => `${wordsOf(describes)} with option ${quote(`${key}=${value}`)}`,
    ...caught,
  });
}
