// Tries what a container needs, by a program of system calls in a process of its own: what it changes
// ends with it.

import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from "../../abi/file.ts";
import { MS_PRIVATE, MS_REC } from "../../abi/mount.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../../abi/process.ts";
import { errnoText } from "../../error/errno.ts";
import { ProgramBuilder } from "../../program/builder.ts";
import { REPORT_FAILED } from "../../program/opcodes.ts";
import { launchProgram, type StageReport } from "../../stage/launch.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";

/** What stopped a trial. */
export interface TrialFailure {
  /** The system call, or what the program says about it. */
  readonly call: string;
  readonly errno: number;
  /** "unshare: operation not permitted (EPERM)". */
  readonly text: string;
}

/** Undefined: it worked. */
export function attempt(build: (program: ProgramBuilder) => void): TrialFailure | undefined {
  const program = new ProgramBuilder(hostArchitecture);
  build(program);
  program.control("exit", [0]);
  using stage = launchProgram(program.finish());
  let failure: StageReport | undefined;
  for (let report = stage.receive(); report !== undefined; report = stage.receive()) {
    failure ??= report.kind === REPORT_FAILED ? report : undefined;
  }
  stage.awaitEnd();
  if (failure === undefined) {
    return undefined;
  }
  const name = stage.program.operations[failure.op]?.name ?? "an unknown call";
  return { call: name, errno: failure.value, text: `${name}: ${errnoText(failure.value)}` };
}

/**
 * Privileges over new namespaces, `flags` of CLONE_NEW*: root has them, another user by a user namespace
 * in which their own id is root.
 */
export function enterNamespaces(program: ProgramBuilder, flags: number): void {
  if (call("geteuid") === 0) {
    program.call("unshare", [flags]);
    return;
  }
  const ids = { uid: call("geteuid"), gid: call("getegid") };
  program.call("unshare", [CLONE_NEWUSER]);
  writeProcFile(program, "setgroups", "deny");
  writeProcFile(program, "gid_map", `0 ${ids.gid} 1\n`);
  writeProcFile(program, "uid_map", `0 ${ids.uid} 1\n`);
  program.call("unshare", [flags]);
}

/** A mount namespace from which nothing gets out. */
export function enterMountNamespace(program: ProgramBuilder): void {
  enterNamespaces(program, CLONE_NEWNS);
  const none = program.text("none");
  program.call("mount", [none, program.text("/"), none, MS_REC | MS_PRIVATE, 0]);
}

function writeProcFile(program: ProgramBuilder, name: string, text: string): void {
  const path = program.text(`/proc/self/${name}`);
  const file = program.call("openat", [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { result: "file" });
  const content = program.text(text);
  program.call("write", [file, content, content.size - 1]);
  program.close(file);
}
