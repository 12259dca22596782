// A container of an ordinary user leaves directories that belong to the ids lent to that user: what is
// in them only root of a user namespace with the same maps can remove. So a child in one makes them
// the user's.

import {
  AT_EMPTY_PATH,
  O_CLOEXEC,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "../abi/file.ts";
import { AF_UNIX, CLONE_NEWUSER, SOCK_CLOEXEC, SOCK_SEQPACKET } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import { cloneArguments } from "../plan/clone.ts";
import { openHow } from "../plan/context.ts";
import { writeIdMaps } from "../plan/id-maps.ts";
import { waitAndExit } from "../plan/stage-side.ts";
import { named, offsetOf, ProgramBuilder } from "../program/builder.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import type { Program } from "../program/program.ts";
import { failureOf } from "../runtime/program-failure.ts";
import { launchProgram } from "../stage/launch.ts";
import { call } from "../sys/call.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, statAt, tryOpenAt2 } from "../sys/file.ts";
import { waitForPid } from "../sys/process.ts";
import type { IdMaps } from "./run-spec.ts";

const OPEN_HOW_BYTES = 24;
const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

/** Of one program: paths take room in it. */
const MOST_AT_ONCE = 1000;

/** Makes all directories below the open folder the caller's own. */
export function takeOwnership(folderFd: number, idMaps: IdMaps): void {
  const uid = call("geteuid");
  for (;;) {
    const foreign: string[] = [];
    collectForeign({ folderFd, uid, foreign }, "");
    if (foreign.length === 0) {
      return;
    }
    give(folderFd, foreign.slice(0, MOST_AT_ONCE), idMaps);
  }
}

interface Search {
  readonly folderFd: number;
  readonly uid: number;
  readonly foreign: string[];
}

/** A directory that belongs to someone else may hide others: the next search finds those. */
function collectForeign(search: Search, path: string): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const how = { flags: O_RDONLY | O_DIRECTORY, resolve: BENEATH };
  const fd = tryOpenAt2(search.folderFd, path === "" ? "." : path, how);
  if (fd < 0) {
    return;
  }
  using directory = new OwnedFd(fd);
  for (const { name, type } of readOpenDirectory(directory.number, quote(path))) {
    if (type !== "directory") {
      continue;
    }
    const below = path === "" ? name : `${path}/${name}`;
    if (statAt(directory.number, name)?.uid !== search.uid) {
      search.foreign.push(below);
    }
    collectForeign(search, below);
  }
}

function give(folderFd: number, paths: readonly string[], idMaps: IdMaps): void {
  const program = compileGive(folderFd, paths, idMaps);
  using stage = launchProgram(program, { keepFds: [folderFd] });
  const report = stage.receive();
  waitForPid(stage.pid);
  if (report?.kind === REPORT_FAILED) {
    throw failureOf(program, report);
  }
}

function compileGive(folderFd: number, paths: readonly string[], idMaps: IdMaps): Program {
  const program = new ProgramBuilder(hostArchitecture);
  program.because("remove");
  const pair = program.space(8, "sockets");
  const type = named(SOCK_SEQPACKET | SOCK_CLOEXEC, "SEQPACKET|CLOEXEC");
  program.call("socketpair", [named(AF_UNIX, "UNIX"), type, 0, pair]);
  const ours = program.control("load", [offsetOf(pair), 4], { result: "ours" });
  const theirs = program.control("load", [offsetOf(pair, 4), 4], { result: "theirs" });
  const parent = program.label();
  const clone = cloneArguments(program, { flags: CLONE_NEWUSER });
  const child = program.fork(clone, "owner", parent);
  program.call("close", [ours]);
  program.control("receive", [theirs, offsetOf(program.space(8, "message")), 8]);
  program.call("setresgid", [0, 0, 0]);
  program.call("setresuid", [0, 0, 0]);
  for (const path of paths) {
    takeOne(program, folderFd, path);
  }
  program.control("exit", [0]);
  program.endFork(parent);
  const facts = { privileged: false, uid: call("geteuid"), gid: call("getegid") };
  writeIdMaps(program, child, idMaps, { ...facts, idMapPrograms: undefined });
  program.call("write", [ours, program.text("g"), 1]);
  waitAndExit(program, child);
  return program.finish();
}

function takeOne(program: ProgramBuilder, folderFd: number, path: string): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const describes = `take ownership of ${quote(path)}`;
  const how = openHow(program, { flags: O_PATH | O_DIRECTORY | O_CLOEXEC, resolve: BENEATH });
  const directory = program.call("openat2", [folderFd, program.text(path), how, OPEN_HOW_BYTES], {
    result: "directory",
    describes,
  });
  const empty = [directory, program.text(""), 0, 0, named(AT_EMPTY_PATH, "EMPTY_PATH")];
  program.call("fchownat", empty, { describes });
  program.close(directory);
}
