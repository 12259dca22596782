// The built-in image "hello": a container whose process is a program of system calls itself. It tells
// what isolates it, by reading what the kernel tells every process.
//
// Its only file is the stage; the program is a sealed memfd that the process inherits.

import { AT_FDCWD, O_CREAT, O_EXCL, O_WRONLY } from "../abi/file.ts";
import { flags, offsetOf, ProgramBuilder } from "../program/builder.ts";
import { encodeProgram } from "../program/encode.ts";
import type { Register } from "../program/program.ts";
import { stageBytes } from "../stage/stage-executable.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { sealedData } from "../sys/executable.ts";
import { OwnedFd, openAt, tryUnlinkAt, writeAll } from "../sys/file.ts";

/** The stage's arguments: its program is descriptor 3, and what it would report goes to standard error. */
export const HELLO_ARGS = ["/hello", "3", "2"];

const TEXT_ROOM = 4096;
const DIGITS_ROOM = 24;
const STDOUT = 1;

const NAMESPACES = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"];

/** The first that exists: cgroup v2, then v1. */
const LIMITS: readonly { readonly label: string; readonly paths: readonly string[] }[] = [
  {
    label: "memory limit",
    paths: ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"],
  },
  { label: "cpu limit", paths: ["/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] },
  { label: "pids limit", paths: ["/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"] },
];

/** Puts the stage into the root file system, as /hello, in place of that of an earlier start. */
export function fillHelloRoot(path: string): void {
  const flagBits = O_WRONLY | O_CREAT | O_EXCL;
  tryUnlinkAt(AT_FDCWD, `${path}/hello`);
  using file = new OwnedFd(openAt(AT_FDCWD, `${path}/hello`, flagBits, 0o755));
  writeAll(file.number, stageBytes(), "the hello program");
}

/** A sealed memfd with the program that the container's process executes. */
export function helloProgramFd(): number {
  const program = new ProgramBuilder(hostArchitecture);
  program.because("hello");
  say(program, "Hello from a container of ocicat.\n\n");
  say(program, "  pid           ");
  const pid = program.call("getpid", [], { result: "pid" });
  const digits = program.space(DIGITS_ROOM, "digits");
  const length = program.control("decimal", [pid, offsetOf(digits)], { result: "length" });
  program.call("write", [STDOUT, digits, length]);
  say(program, "\n");
  sayFile(program, "host name     ", ["/proc/sys/kernel/hostname"]);
  sayFile(program, "uid map       ", ["/proc/self/uid_map"]);
  for (const { label, paths } of LIMITS) {
    sayFile(program, label.padEnd(14), paths);
  }
  sayNamespaces(program);
  sayFile(program, "cgroups, as seen from inside:\n", ["/proc/self/cgroup"]);
  say(program, "\nEvery line was read by system calls of a program that ocicat compiled.\n");
  return sealedData("ocicat-hello", encodeProgram(program.finish()));
}

function say(program: ProgramBuilder, text: string): void {
  const content = program.text(text);
  program.call("write", [STDOUT, content, content.size - 1]);
}

/** A label and the content of the first file that can be opened; nothing where there is none. */
function sayFile(program: ProgramBuilder, label: string, paths: readonly string[]): void {
  const done = program.label();
  for (const path of paths) {
    const next = program.label();
    const open = [AT_FDCWD, program.text(path), flags(0, {})];
    const file = program.call("openat", open, {
      result: "file",
      caught: { errnos: "any", target: next },
    });
    say(program, `  ${label}`);
    const room = program.space(TEXT_ROOM, "text");
    const length = program.call("read", [file, room, TEXT_ROOM], { result: "length" });
    program.call("write", [STDOUT, room, length]);
    program.close(file);
    program.forget(length);
    program.jump(done);
    program.place(next);
  }
  program.place(done);
}

function sayNamespaces(program: ProgramBuilder): void {
  say(program, "  namespaces    ");
  for (const name of NAMESPACES) {
    const missing = program.label();
    const room = program.space(TEXT_ROOM, "link");
    const path = program.text(`/proc/self/ns/${name}`);
    const length: Register = program.call("readlinkat", [AT_FDCWD, path, room, TEXT_ROOM], {
      result: "length",
      caught: { errnos: "any", target: missing },
    });
    program.call("write", [STDOUT, room, length]);
    say(program, " ");
    program.forget(length);
    program.place(missing);
  }
  say(program, "\n");
}
