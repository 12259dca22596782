// The socket by which `start`, another process, lets a created container go on.

import { LOCK_EX, O_CLOEXEC, O_CREAT, O_RDONLY } from "../abi/file.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from "../abi/process.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { INIT_LOCK, START_SOCKET } from "./reports.ts";

/** The listening socket that a created container waits on, and the lock that says it does. */
export interface StartPlace {
  readonly listener: Register;
  readonly lock: Register;
}

/** Bound by its name in the state directory, so that a long path of the directory does not matter. */
export function openStartSocket({ program, request }: PlanContext): StartPlace {
  program.because("start");
  const describes = () => `make the start socket of container "${request.id}"`;
  const { stateDirectory } = request;
  program.call("chdir", [program.text(stateDirectory)], { describes });
  const type = named(SOCK_STREAM | SOCK_CLOEXEC, "STREAM|CLOEXEC");
  const listener = program.call("socket", [named(AF_UNIX, "UNIX"), type, 0], {
    result: "start",
    describes,
  });
  const address = socketAddress(program, START_SOCKET);
  program.call("bind", [listener, address, address.size], { describes });
  program.call("listen", [listener, 8], { describes });
  const openFlags = flags(O_RDONLY | O_CREAT | O_CLOEXEC, OPEN_NAMES);
  const name = program.text(INIT_LOCK);
  const lock = program.call("openat", [CURRENT_DIRECTORY, name, openFlags, named(0o600, "0600")], {
    result: "lock",
    describes,
  });
  program.call("flock", [lock, named(LOCK_EX, "EX")], { describes });
  program.call("chdir", [program.text("/")]);
  return { listener, lock };
}

/** struct sockaddr_un: family u16, path. */
function socketAddress(program: ProgramBuilder, path: string): DataReference {
  const content = new Uint8Array(2 + path.length + 1);
  content[0] = AF_UNIX;
  content.set(new TextEncoder().encode(path), 2);
  return program.structure(content, JSON.stringify(path));
}
