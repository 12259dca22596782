// Device nodes and the links of /dev.
//
// Where the kernel lets us, nodes are made; in a user namespace, which may not make any, the host's
// nodes are bound instead. /dev is one verified descriptor: a link of the image at /dev must not lead
// us elsewhere. What is already in the place of a configured device must be that device; in that of a
// default one it stays, as with runc: an image may break its own /dev.

import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
  OPEN_HOW_BYTES,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
} from "../abi/file.ts";
import { MS_SLAVE, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Device } from "../oci/linux.ts";
import { isBindMount } from "../oci/mount-options.ts";
import { pathComponents } from "../oci/path-components.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, openHow, type PlanContext } from "./context.ts";
import { OPEN_TREE_NAMES } from "./flag-names.ts";
import { setAttributes } from "./mount-attributes.ts";
import { attachMount } from "./mount-step.ts";
import { openTarget } from "./paths.ts";

interface NodeRequest {
  readonly device: Device;
  /** `linux.devices[2]`, or the specification's default devices. */
  readonly reason: string;
  /** What is already there has to be the device. */
  readonly isChecked: boolean;
}

const DEFAULT_DEVICES: readonly Device[] = [
  { path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
  { path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 0o666, uid: 0, gid: 0 },
  { path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 0o666, uid: 0, gid: 0 },
  { path: "/dev/random", type: "c", major: 1, minor: 8, fileMode: 0o666, uid: 0, gid: 0 },
  { path: "/dev/urandom", type: "c", major: 1, minor: 9, fileMode: 0o666, uid: 0, gid: 0 },
  { path: "/dev/tty", type: "c", major: 5, minor: 0, fileMode: 0o666, uid: 0, gid: 0 },
];

const DEFAULT_MODE = 0o666;
const PERMISSION_BITS = 0o7777;
const STATX_BYTES = 256;
const STATX_MODE_OFFSET = 28;
/** stx_rdev_major and stx_rdev_minor, 32 bits each. */
const STATX_RDEV_OFFSET = 128;
const AT_NAMES = { SYMLINK_NOFOLLOW: AT_SYMLINK_NOFOLLOW, EMPTY_PATH: AT_EMPTY_PATH };

const DEFAULT_LINKS: readonly (readonly [target: string, name: string])[] = [
  ["/proc/self/fd", "fd"],
  ["/proc/self/fd/0", "stdin"],
  ["/proc/self/fd/1", "stdout"],
  ["/proc/self/fd/2", "stderr"],
];

const FILE_TYPES: Readonly<Record<Device["type"], number>> = {
  c: S_IFCHR,
  u: S_IFCHR,
  b: S_IFBLK,
  p: S_IFIFO,
};

/** A /dev that the configuration binds from elsewhere is left as it is, as runc leaves it. */
export function needsDevices({ request }: PlanContext): boolean {
  const mounts = request.spec.mounts ?? [];
  return !mounts.some(
    (mount) => pathComponents(mount.destination).join("/") === "dev" && isBindMount(mount),
  );
}

/** `mayMakeNodes`: outside of any user namespace. Within one those of the host are bound. */
export function makeDevices(
  context: PlanContext,
  root: Register,
  { mayMakeNodes }: { readonly mayMakeNodes: boolean },
): void {
  const { program, request } = context;
  program.because("default devices");
  const umask = program.call("umask", [0], { result: "umask" });
  const fresh = context.freshMounts.get("dev");
  const dev = fresh ?? openTarget(program, { root, path: "dev", missing: "directory" });
  for (const node of requestedNodes(request.spec.linux?.devices ?? [])) {
    program.because(node.reason);
    const place = openPlace(program, node.device.path, root, dev);
    if (mayMakeNodes || node.device.type === "p") {
      makeNode(program, node, place);
    } else {
      bindNode(context, node, place);
    }
    if (place.directory !== dev) {
      program.close(place.directory);
    }
  }
  program.call("umask", [umask]);
  program.forget(umask);
  makeLinks(program, dev);
  program.close(dev);
}

/** The configuration's devices, and the default ones that it does not redefine. */
function requestedNodes(devices: readonly Device[]): NodeRequest[] {
  const configured = new Set(devices.map(({ path }) => pathComponents(path).join("/")));
  const defaults = DEFAULT_DEVICES.filter(({ path }) => !configured.has(path.slice(1)));
  return [
    ...defaults.map((device) => ({ device, reason: "default devices", isChecked: false })),
    ...devices.map((device, index) => ({
      device,
      reason: `linux.devices[${index}]`,
      isChecked: true,
    })),
  ];
}

/** Where a node goes: the descriptor of its directory, and its name there. */
interface Place {
  readonly directory: Register;
  readonly name: string;
}

function openPlace(program: ProgramBuilder, path: string, root: Register, dev: Register): Place {
  const components = pathComponents(path);
  const name = components.pop() ?? "";
  const parent = components.join("/");
  const directory =
    parent === "dev" ? dev : openTarget(program, { root, path: parent, missing: "directory" });
  return { directory, name };
}

/** The kernel's encoding of a device number in 32 bits: mknod(2). */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function makeNode(program: ProgramBuilder, node: NodeRequest, { directory, name }: Place): void {
  const { device } = node;
  const describes = () => `make the device ${quote(device.path)}`;
  // Engines copy a whole st_mode here; the type is `type`'s to say.
  const permissions = (device.fileMode ?? DEFAULT_MODE) & PERMISSION_BITS;
  const mode = FILE_TYPES[device.type] | permissions;
  const number = deviceNumber(device.major ?? 0, device.minor ?? 0);
  const args = [
    directory,
    program.text(name),
    named(mode, `${device.type}|0${permissions.toString(8)}`),
    named(number, `${device.major ?? 0}:${device.minor ?? 0}`),
  ];
  const exists = program.label();
  const done = program.label();
  program.call("mknodat", args, {
    describes,
    caught: { errnos: [Errno.EEXIST], target: exists },
  });
  const { uid = 0, gid = 0 } = device;
  if (uid !== 0 || gid !== 0) {
    const noFollow = named(AT_SYMLINK_NOFOLLOW, "SYMLINK_NOFOLLOW");
    program.call("fchownat", [directory, program.text(name), uid, gid, noFollow], { describes });
  }
  if (node.isChecked) {
    program.jump(done);
    program.place(exists);
    expectDevice(program, device, { directory, name, errno: Errno.EEXIST });
    program.place(done);
  } else {
    program.place(exists);
  }
}

/** Fails with `errno` unless the file is the device. Its owner and mode are the image's to choose. */
function expectDevice(
  program: ProgramBuilder,
  device: Device,
  { directory, name, errno }: Place & { readonly errno: number },
): void {
  const describes = () => `use what is in the place of the device ${quote(device.path)}`;
  const status = program.space(STATX_BYTES, "status");
  const atFlags = AT_SYMLINK_NOFOLLOW | (name === "" ? AT_EMPTY_PATH : 0);
  const args = [directory, program.text(name), flags(atFlags, AT_NAMES), named(1, "TYPE"), status];
  program.call("statx", args, { describes });
  const mode = program.control("load", [offsetOf(status, STATX_MODE_OFFSET), 2], {
    result: "mode",
  });
  const type = named(FILE_TYPES[device.type], device.type);
  program.control("expect", [mode, named(S_IFMT, "IFMT"), type, errno], { describes });
  program.forget(mode);
  if (device.type === "p") {
    return;
  }
  const { major = 0, minor = 0 } = device;
  const number = program.control("load", [offsetOf(status, STATX_RDEV_OFFSET), 8], {
    result: "number",
  });
  const wanted = named(major + minor * 0x1_0000_0000, `${major}:${minor}`);
  program.control("expect", [number, -1, wanted, errno], { describes });
  program.forget(number);
}

/**
 * A file at the device's path, with the host's node bound on it. Nothing that may be there is opened
 * for more than its path: opening a FIFO of the image would block.
 */
function bindNode({ program }: PlanContext, node: NodeRequest, { directory, name }: Place): void {
  const { device } = node;
  const describes = () => `bind the device ${quote(device.path)}`;
  const nameText = program.text(name);
  program.call("mknodat", [directory, nameText, named(S_IFREG | DEFAULT_MODE, "-|0666"), 0], {
    describes,
    caught: { errnos: [Errno.EEXIST] },
  });
  const how = openHow(program, {
    flags: O_PATH | O_CLOEXEC,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  });
  const file = program.call("openat2", [directory, nameText, how, OPEN_HOW_BYTES], {
    result: "file",
    describes,
  });
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, OPEN_TREE_NAMES);
  const source = program.text(device.path);
  const tree = program.call("open_tree", [CURRENT_DIRECTORY, source, treeFlags], {
    result: "tree",
    describes,
  });
  if (node.isChecked) {
    expectDevice(program, device, { directory: tree, name: "", errno: Errno.ENODEV });
  }
  const slave = { set: 0, clear: 0, propagation: MS_SLAVE, recursive: false };
  setAttributes(program, tree, slave, describes);
  attachMount(program, tree, file, describes);
  program.close(tree);
  program.close(file);
}

function makeLinks(program: ProgramBuilder, dev: Register): void {
  program.because("default devices");
  for (const [target, name] of DEFAULT_LINKS) {
    link(program, dev, target, name);
  }
  // The container's ptmx belongs to its own devpts; one of the image would be the host's.
  program.call("unlinkat", [dev, program.text("ptmx"), 0], { caught: { errnos: "any" } });
  link(program, dev, "pts/ptmx", "ptmx");
}

function link(program: ProgramBuilder, directory: Register, target: string, name: string): void {
  program.call("symlinkat", [program.text(target), directory, program.text(name)], {
    caught: { errnos: [Errno.EEXIST] },
    describes: () => `make the link ${quote(`/dev/${name}`)}`,
  });
}
