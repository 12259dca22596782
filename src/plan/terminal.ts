// The process's terminal: a pair of the container's own devpts, opened by descriptor and never by a
// name that the container could have redirected (CVE-2025-52565).

import {
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  OPEN_HOW_BYTES,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "../abi/file.ts";
import { OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import type { ConsoleSize } from "../oci/process.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Argument, Register, Words } from "../program/program.ts";
import { openHow } from "./context.ts";
import { OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import { sendDescriptor } from "./messages.ts";
import { attachMount } from "./mount-step.ts";
import { openTarget } from "./paths.ts";

const TIOCSPTLCK = 0x4004_5431;
const TIOCGPTPEER = 0x5441;
const TIOCSWINSZ = 0x5414;
const TIOCSCTTY = 0x540e;

const STATX_BYTES = 256;
const STATX_TYPE = 1;
const STATX_RDEV_OFFSET = 128;
const AT_EMPTY_PATH = 0x1000;
/** stx_rdev_major 5, stx_rdev_minor 2. */
const PTMX_DEVICE = 5 + 2 * 0x1_0000_0000;

export interface Terminal {
  readonly master: Register;
  readonly slave: Register;
}

/** Opens a new pair in the root that `root` refers to. */
export function openTerminal(
  program: ProgramBuilder,
  root: Register,
  size: ConsoleSize | undefined,
): Terminal {
  program.because("process.terminal");
  const describes = 'open a terminal of the container\'s "/dev/pts"';
  const how = openHow(program, {
    flags: O_RDWR | O_NOCTTY | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
  });
  const path = program.text("dev/pts/ptmx");
  const master = program.call("openat2", [root, path, how, OPEN_HOW_BYTES], {
    result: "master",
    describes,
  });
  expectPtmx(program, master, describes);
  const unlocked = program.structure(new Uint32Array(2), "{0}");
  program.call("ioctl", [master, named(TIOCSPTLCK, "TIOCSPTLCK"), unlocked], { describes });
  const openFlags = flags(O_RDWR | O_NOCTTY | O_CLOEXEC, OPEN_NAMES);
  const slave = program.call("ioctl", [master, named(TIOCGPTPEER, "TIOCGPTPEER"), openFlags], {
    result: "slave",
    describes,
  });
  if (size !== undefined) {
    program.because("process.consoleSize");
    const content = new Uint32Array([(size.width << 16) | size.height, 0]);
    const windowSize = program.structure(content, `{${size.height} rows, ${size.width} columns}`);
    program.call("ioctl", [slave, named(TIOCSWINSZ, "TIOCSWINSZ"), windowSize]);
  }
  return { master, slave };
}

/** A file of the image called ptmx is no terminal. */
function expectPtmx(program: ProgramBuilder, master: Register, describes: Words): void {
  const status = program.space(STATX_BYTES, "status");
  const atFlags = named(AT_EMPTY_PATH, "EMPTY_PATH");
  program.call("statx", [master, program.text(""), atFlags, named(STATX_TYPE, "TYPE"), status]);
  const number = program.control("load", [offsetOf(status, STATX_RDEV_OFFSET), 8], {
    result: "number",
  });
  program.control("expect", [number, -1, named(PTMX_DEVICE, "5:2"), Errno.ENODEV], { describes });
  program.forget(number);
}

/** Shows the terminal as /dev/console. */
export function bindConsole(program: ProgramBuilder, root: Register, terminal: Terminal): void {
  const describes = 'bind the terminal on "/dev/console"';
  const target = openTarget(program, { root, path: "dev/console", missing: "file", noLinks: true });
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, OPEN_TREE_NAMES);
  const tree = program.call("open_tree", [terminal.slave, program.text(""), treeFlags], {
    result: "tree",
    describes,
  });
  attachMount(program, tree, target, describes);
  program.close(tree);
  program.close(target);
}

/** Sends the master over a socket, as runc's --console-socket has it, and closes it here. */
export function sendMaster(program: ProgramBuilder, terminal: Terminal, socket: Argument): void {
  const payload = program.text("/dev/ptmx");
  sendDescriptor(program, {
    socket,
    fd: terminal.master,
    payload,
    length: payload.size - 1,
    describes: "send the terminal to the console socket",
  });
  program.close(terminal.master);
}

/** The slave becomes standard input, output and error, and the session's controlling terminal. */
export function takeTerminal(program: ProgramBuilder, terminal: Terminal, uid: number): void {
  program.because("process.terminal");
  const { slave } = terminal;
  program.call("fchown", [slave, uid, -1], { caught: { errnos: [Errno.EPERM, Errno.EINVAL] } });
  for (const fd of [0, 1, 2]) {
    program.call("dup3", [slave, fd, 0]);
  }
  program.call("ioctl", [0, named(TIOCSCTTY, "TIOCSCTTY"), 0]);
  program.close(slave);
}
