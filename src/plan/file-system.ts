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
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import { type Label, type Register, type Words, wordsOf } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { MOUNT_ATTR_NAMES } from "./flag-names.ts";
import type { MountOptions } from "./mount-options.ts";
import { describeMount } from "./mount-step.ts";

/** As runc has it: a label for them would be refused, or would take them out of the policy's care. */
const LABELLED_BY_KERNEL: ReadonlySet<string> = new Set(["proc", "sysfs", "mqueue"]);

/** A detached mount of a new superblock. `refused`: where to go on when the kernel answers EPERM. */
export function makeFileSystem(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
  refused?: Label,
): Register {
  const { program } = context;
  const describes = describeMount(mount);
  const type = mount.type ?? "none";
  const caught =
    refused === undefined ? {} : { caught: { errnos: [Errno.EPERM], target: refused } };
  const openFlags = named(FSOPEN_CLOEXEC, "CLOEXEC");
  const fs = program.call("fsopen", [program.text(type), openFlags], {
    result: "fs",
    describes,
    ...caught,
  });
  setString(program, fs, "source", mount.source ?? type, describes);
  for (const option of [...options.superblock, ...supportedData(context, mount, options)]) {
    configure(program, fs, option, describes);
  }
  setLabel(context, mount, fs);
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], {
    describes,
    ...caught,
  });
  const attributes = flags(options.attributes.set, MOUNT_ATTR_NAMES);
  const tree = program.call("fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), attributes], {
    result: "tree",
    describes,
  });
  program.close(fs);
  return tree;
}

/** Every file of the mount gets it. The kernel's own file systems have labels of theirs. */
function setLabel({ program, request }: PlanContext, mount: Mount, fs: Register): void {
  const label = request.spec.linux?.mountLabel;
  if (label === undefined || label === "" || LABELLED_BY_KERNEL.has(mount.type ?? "")) {
    return;
  }
  const place = program.because("linux.mountLabel");
  setString(program, fs, "context", label, describeMount(mount));
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
    configure(program, fs, option, describes);
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

function configure(program: ProgramBuilder, fs: Register, option: string, describes: Words): void {
  const equals = option.indexOf("=");
  if (equals >= 0) {
    setString(program, fs, option.slice(0, equals), option.slice(equals + 1), describes);
    return;
  }
  const args = [fs, named(FSCONFIG_SET_FLAG, "SET_FLAG"), program.text(option), 0, 0];
  program.call("fsconfig", args, {
    describes: () => `${wordsOf(describes)} with option ${quote(option)}`,
  });
}

// biome-ignore lint/complexity/useMaxParams: key and value of one option
function setString(
  program: ProgramBuilder,
  fs: Register,
  key: string,
  value: string,
  describes: Words,
): void {
  const command = named(FSCONFIG_SET_STRING, "SET_STRING");
  program.call("fsconfig", [fs, command, program.text(key), program.text(value), 0], {
    describes:
      key === "source"
        ? describes
        : () => `${wordsOf(describes)} with option ${quote(`${key}=${value}`)}`,
  });
}
