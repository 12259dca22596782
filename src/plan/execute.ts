// Finding the container's program, and executing it.
//
// The program is looked up when the container is created, as the user that it runs as, so that a
// wrong name fails `create` and not `start`: clients depend on that. What was found is kept in a
// register, and executed later.

import { S_IFMT, S_IFREG } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Process } from "../oci/process.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Label, Register, Words } from "../program/program.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { environmentOf } from "./environment.ts";

const X_OK = 1;
const AT_EACCESS = 0x200;
const STATX_BYTES = 256;
const STATX_TYPE = 1;
const STATX_MODE_OFFSET = 28;
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_FD = 0xffff_ffff;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What becomes of the program's file name. */
export interface FoundProgram {
  /** Holds the address of the path. */
  readonly path: Register;
}

/** The paths that execvp(3) would try. A name with a slash is its own only candidate. */
function candidates(process: Process): string[] {
  const name = process.args[0] ?? "";
  if (name.includes("/")) {
    return [name];
  }
  const variable = process.env?.findLast((entry) => entry.startsWith("PATH="));
  const path = variable?.slice("PATH=".length) ?? DEFAULT_PATH;
  return path.split(":").map((directory) => (directory === "" ? name : `${directory}/${name}`));
}

/** Text for a program that is not there: docker and podman make exit code 127 from these words. */
function describeLookup(process: Process): string {
  return `find the program ${quote(process.args[0] ?? "")}`;
}

export function findProgram(program: ProgramBuilder, process: Process): FoundProgram {
  program.because("process.args[0]");
  const paths = candidates(process).map((candidate) => program.text(candidate));
  const addresses = program.structure(
    new Uint32Array(paths.length * 2),
    "candidates",
    new Map(paths.map((path, index) => [index * 2, path])),
  );
  const found = program.label();
  const result = program.register("executable");
  const refusals = paths.map((path, index) => {
    const next = program.label();
    const refused = tryCandidate(program, path, next);
    program.controlInto(result, "load", [offsetOf(addresses, index * 8), 8]);
    program.jump(found);
    program.place(next);
    return refused;
  });
  failLookup(program, process, refusals);
  program.place(found);
  return { path: result };
}

/** Falls through for a regular file that may be executed; else goes on at `next` with the error kept. */
function tryCandidate(program: ProgramBuilder, path: DataReference, next: Label): Register {
  const caught = { errnos: "any", target: next } as const;
  const refused = program.call(
    "faccessat2",
    [CURRENT_DIRECTORY, path, named(X_OK, "X_OK"), named(AT_EACCESS, "EACCESS")],
    { result: "refused", caught },
  );
  const status = program.space(STATX_BYTES, "status");
  const statArgs = [CURRENT_DIRECTORY, path, 0, named(STATX_TYPE, "TYPE"), status];
  program.callInto(refused, "statx", statArgs, { caught });
  const mode = program.control("load", [offsetOf(status, STATX_MODE_OFFSET), 2], {
    result: "mode",
  });
  const isRegular = [mode, named(S_IFMT, "IFMT"), named(S_IFREG, "IFREG"), Errno.EACCES] as const;
  program.controlInto(refused, "expect", isRegular, { caught });
  program.forget(mode);
  return refused;
}

/** A candidate that exists but may not be executed counts more than one that is missing. */
function failLookup(
  program: ProgramBuilder,
  process: Process,
  refusals: readonly Register[],
): void {
  const describes = describeLookup(process);
  const denied = program.label();
  for (const refused of refusals) {
    const other = program.label();
    program.control("expect", [refused, -1, -Errno.EACCES, Errno.EAGAIN], {
      caught: { errnos: "any", target: other },
    });
    program.jump(denied);
    program.place(other);
    program.forget(refused);
  }
  program.control("expect", [0, 1, 1, Errno.ENOENT], { describes });
  program.place(denied);
  program.control("expect", [0, 1, 1, Errno.EACCES], { describes });
}

/** Everything above the descriptors that the process is meant to have closes at execve. */
export function closeOtherDescriptors(program: ProgramBuilder, preserveFds: number): void {
  program.because("process");
  closeAtExecve(program, 3 + preserveFds);
}

/** Descriptors from `first` on. */
export function closeAtExecve(program: ProgramBuilder, first: number): void {
  const args = [first, named(LAST_FD, "MAX"), named(CLOSE_RANGE_CLOEXEC, "CLOEXEC")];
  program.call("close_range", args, { caught: { errnos: [Errno.ENOSYS] } });
}

export function execute(program: ProgramBuilder, process: Process, found: FoundProgram): void {
  program.because("process.args");
  const args = program.stringVector(process.args, JSON.stringify(process.args));
  const environment = environmentOf(process);
  const variables = program.stringVector(environment, `${environment.length} variables`);
  program.call("execve", [found.path, args, variables], {
    describes: () => `execute ${quote(process.args[0] ?? "")}`,
  });
}

/** Where the process starts; a directory that only its user may enter is entered as that user. */
export function enterWorkingDirectory(program: ProgramBuilder, process: Process): void {
  program.because("process.cwd");
  const describes = () => `enter the working directory ${quote(process.cwd)}`;
  program.call("chdir", [program.text(process.cwd)], { describes });
  expectReachable(program, describes);
}

/**
 * getcwd gives a path that does not begin with "/" for a directory outside the root: a leaked
 * descriptor of the host as working directory (CVE-2024-21626).
 */
function expectReachable(program: ProgramBuilder, describes: Words): void {
  const room = program.space(4096, "path");
  program.call("getcwd", [room, 4096], { describes });
  const first = program.control("load", [offsetOf(room), 1], { result: "first" });
  program.control("expect", [first, 0xff, named(0x2f, '"/"'), Errno.ENOENT], { describes });
  program.forget(first);
}
