// Standard input, output and error of the container's process: the caller's own, a terminal, or pipes
// that the holder keeps. Those of output have names, as FIFOs, where another holder may have to take over.

import { O_CLOEXEC, O_RDONLY, O_RDWR, O_WRONLY, S_IFIFO } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import type { IdMapping } from "../oci/mount.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { openSocketPair } from "./messages.ts";
import type { NamespacePlan } from "./namespaces.ts";
import type { CreateRequest, HoldEnd, OutputFifo } from "./request.ts";

export type Stdio = {
  /** Descriptors that the stage gives up once init is cloned. */
  readonly initEnds: readonly Register[];
} & (
  | { readonly kind: "inherited" }
  | {
      readonly kind: "terminal";
      /** Where the holder receives the master, and init sends it; without a holder a console socket does. */
      readonly receiver: Register | undefined;
      readonly sender: Register | number;
    }
  | {
      readonly kind: "pipes";
      /** What only root of the container's user namespace may give to the process's user. */
      readonly givenByInit: readonly Register[];
      readonly holder: {
        readonly stdin: Register | undefined;
        readonly stdout: Register;
        readonly stderr: Register;
      };
      readonly init: readonly [stdin: Register, stdout: Register, stderr: Register];
    }
);

/** What is needed of the plan of a container, or of a process in one. */
export interface StdioContext extends Pick<PlanContext, "program"> {
  readonly request: Pick<CreateRequest, "spec" | "facts" | "end" | "ownedStdio" | "consoleFd">;
}

type UserNamespace = Pick<NamespacePlan, "user">;

export function planStdio(context: StdioContext, namespaces: UserNamespace): Stdio {
  const { program, request } = context;
  program.because("process");
  if (request.spec.process?.terminal === true) {
    return planTerminal(context);
  }
  if (request.end.kind === "hold") {
    return planPipes(context, namespaces, request.end);
  }
  for (const fd of request.ownedStdio) {
    giveToUser(context, namespaces, fd);
  }
  return { kind: "inherited", initEnds: [] };
}

function planTerminal({ program, request }: StdioContext): Stdio {
  if (request.end.kind !== "hold") {
    return {
      kind: "terminal",
      receiver: undefined,
      sender: request.consoleFd ?? -1,
      initEnds: [],
    };
  }
  program.because("process.terminal");
  const [receiver, sender] = openSocketPair(program, "consoleStage", "consoleInit");
  return { kind: "terminal", receiver, sender, initEnds: [sender] };
}

function planPipes(context: StdioContext, namespaces: UserNamespace, end: HoldEnd): Stdio {
  const { program } = context;
  const stdout = makeOutput(program, "stdout", end.fifos?.stdout);
  const stderr = makeOutput(program, "stderr", end.fifos?.stderr);
  const stdin = end.stdin ? makePipe(program, "stdin") : undefined;
  const input = stdin?.readEnd ?? openNull(program);
  const ends = [stdout.writeEnd, stderr.writeEnd, ...(stdin === undefined ? [] : [stdin.readEnd])];
  const givenByInit = namespaces.user === "new" && !context.request.facts.privileged;
  if (isNobodyInside(context)) {
    openTo(program, "all", ends);
  } else if (givenByInit && context.request.spec.process?.user.uid !== 0) {
    openTo(program, "group", ends);
  }
  if (!givenByInit) {
    for (const end of ends) {
      giveToUser(context, namespaces, end);
    }
  }
  return {
    kind: "pipes",
    givenByInit: givenByInit ? ends : [],
    holder: { stdin: stdin?.writeEnd, stdout: stdout.readEnd, stderr: stderr.readEnd },
    init: [input, stdout.writeEnd, stderr.writeEnd],
    initEnds: [input, stdout.writeEnd, stderr.writeEnd],
  };
}

/** An ordinary user whom the container's user namespace leaves out: nobody there may take their files over. */
function isNobodyInside({ request: { facts, spec } }: StdioContext): boolean {
  const maps = spec.linux?.uidMappings ?? [];
  const isIn = ({ hostID, size }: IdMapping): boolean =>
    facts.uid >= hostID && facts.uid < hostID + size;
  return !facts.privileged && maps.length > 0 && !maps.some(isIn);
}

/**
 * What has a name is in a folder of the user's alone. The group stays the user's: another holder can open what has
 * been given to one of the container's users.
 */
function openTo(program: ProgramBuilder, whom: "all" | "group", ends: readonly Register[]): void {
  program.because("linux.uidMappings");
  const mode = whom === "all" ? named(0o666, "0666") : named(0o660, "0660");
  for (const end of ends) {
    program.call("fchmod", [end, mode], { describes: `open the output to ${whom}` });
  }
  program.because("process");
}

function openNull(program: ProgramBuilder): Register {
  const openFlags = flags(O_RDONLY | O_CLOEXEC, OPEN_NAMES);
  return program.call("openat", [CURRENT_DIRECTORY, program.text("/dev/null"), openFlags], {
    result: "null",
  });
}

interface Pipe {
  readonly readEnd: Register;
  readonly writeEnd: Register;
}

function makeOutput(program: ProgramBuilder, name: string, fifo: OutputFifo | undefined): Pipe {
  return fifo === undefined ? makePipe(program, name) : makeFifo(program, name, fifo);
}

/** The end that is open both ways comes first: with it the other one opens at once. */
function makeFifo(program: ProgramBuilder, name: string, fifo: OutputFifo): Pipe {
  const describes = () => `make the container's ${name}`;
  const path = program.text(fifo.path);
  const mode = named(S_IFIFO | 0o600, "p|0600");
  program.call("mknodat", [CURRENT_DIRECTORY, path, mode, 0], { describes });
  const openEnd = (access: number, result: string): Register => {
    const openFlags = flags(access | O_CLOEXEC, OPEN_NAMES);
    return program.call("openat", [CURRENT_DIRECTORY, path, openFlags], { result, describes });
  };
  return {
    readEnd: openEnd(O_RDWR, `${name}Read`),
    writeEnd: openEnd(fifo.endsWithReader ? O_WRONLY : O_RDWR, `${name}Write`),
  };
}

function makePipe(program: ProgramBuilder, name: string): Pipe {
  const pipe = program.space(8, name);
  program.call("pipe2", [pipe, flags(O_CLOEXEC, OPEN_NAMES)]);
  return {
    readEnd: program.control("load", [offsetOf(pipe), 4], { result: `${name}Read` }),
    writeEnd: program.control("load", [offsetOf(pipe, 4), 4], { result: `${name}Write` }),
  };
}

/**
 * Images open /dev/stdout by name, as a user that is not root: a pipe or terminal then has to be that
 * user's. The null device and files stay whose they are.
 */
function giveToUser(context: StdioContext, namespaces: UserNamespace, fd: Register | number): void {
  const { program, request } = context;
  const maps = namespaces.user === "new" ? request.spec.linux?.uidMappings : undefined;
  const uid = hostId(request.spec.process?.user.uid ?? 0, maps);
  if (uid === undefined || uid === request.facts.uid) {
    return;
  }
  program.because("process.user.uid");
  program.call("fchown", [fd, uid, -1], {
    caught: { errnos: [Errno.EPERM, Errno.EROFS, Errno.EINVAL] },
  });
}

/** An id of the container as the host sees it; undefined where it is not mapped. */
export function hostId(id: number, maps: readonly IdMapping[] | undefined): number | undefined {
  if (maps === undefined) {
    return id;
  }
  const map = maps.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return map === undefined ? undefined : map.hostID + id - map.containerID;
}

/** In init: the pipes become its standard descriptors. */
export function takeStdio(program: ProgramBuilder, stdio: Stdio, uid: number): void {
  if (stdio.kind !== "pipes") {
    return;
  }
  program.because("process.user.uid");
  for (const end of uid === 0 ? [] : stdio.givenByInit) {
    program.call("fchown", [end, uid, -1], { caught: { errnos: [Errno.EPERM, Errno.EINVAL] } });
  }
  program.because("process");
  stdio.init.forEach((end, fd) => {
    program.call("dup3", [end, fd, 0]);
  });
}
