// What an ordinary user may do with files of the ids that are lent to the user only root of a user namespace
// with these ids may: so a child of a stage becomes that one, and acts in the user's stead. What it mounts nobody
// else sees.

import { CLONE_NEWNS, CLONE_NEWUSER } from "../../abi/process.ts";
import { cloneArguments } from "../../plan/clone.ts";
import { writeIdMaps } from "../../plan/id-maps.ts";
import { openSocketPair } from "../../plan/messages.ts";
import type { IdMaps } from "../../plan/request.ts";
import { waitAndExit } from "../../plan/stage-side.ts";
import { offsetOf, ProgramBuilder } from "../../program/builder.ts";
import { REPORT_FAILED } from "../../program/opcodes.ts";
import type { Program } from "../../program/program.ts";
import { failureOf } from "../../runtime/program-failure.ts";
import { launchProgram, type StageProcess } from "../../stage/launch.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { exitCodeOf, waitForPid } from "../../sys/process.ts";

export interface OwnersWork {
  /** All ids of the user: as rootlessIdMaps has them. */
  readonly counted: IdMaps;
  /** Of the configuration: what asks for it. */
  readonly because: string;
  /** Descriptors that the work names by their numbers. */
  readonly keepFds: readonly number[];
  /** What the child does. It ends by itself when that is done. */
  readonly act: (program: ProgramBuilder) => void;
}

/** Throws what went wrong in the child. Returns how it ended. */
export function actAsOwner(work: OwnersWork): number {
  const program = compileWork(work);
  using stage = launchProgram(program, { keepFds: work.keepFds });
  return endOf(program, stage);
}

/** As actAsOwner; `attend` is called once the child is there, and does what has to be done meanwhile. */
export async function actAttended(work: OwnersWork, attend: () => Promise<void>): Promise<number> {
  const program = compileWork(work);
  using stage = launchProgram(program, { keepFds: work.keepFds });
  try {
    await attend();
  } catch (error) {
    waitForPid(stage.pid);
    throw error;
  }
  return endOf(program, stage);
}

function endOf(program: Program, stage: StageProcess): number {
  const report = stage.receive();
  const status = waitForPid(stage.pid);
  if (report?.kind === REPORT_FAILED) {
    throw failureOf(program, report);
  }
  return exitCodeOf(status);
}

function compileWork({ counted, because, act }: OwnersWork) {
  const program = new ProgramBuilder(hostArchitecture);
  program.because(because);
  const [ours, theirs] = openSocketPair(program, "ours", "theirs");
  const parent = program.label();
  const flags = CLONE_NEWUSER | CLONE_NEWNS;
  const child = program.fork(cloneArguments(program, { flags }), "owner", parent);
  program.call("close", [ours]);
  program.control("receive", [theirs, offsetOf(program.space(8, "message")), 8]);
  program.call("setresgid", [0, 0, 0]);
  program.call("setresuid", [0, 0, 0]);
  act(program);
  program.control("exit", [0]);
  program.endFork(parent);
  const user = { uid: call("geteuid"), gid: call("getegid"), capabilities: new Set<number>() };
  const facts = { ...user, privileged: false, idMapPrograms: undefined };
  writeIdMaps(program, child, counted, facts);
  program.call("write", [ours, program.text("g"), 1]);
  waitAndExit(program, child);
  return program.finish();
}
