// How long a key takes to its echo: from the user's terminal through the client and the container's keeper
// to the container's terminal, which echoes it, and back.

import { POLLIN } from "../../../src/abi/process.ts";
import { call } from "../../../src/sys/call.ts";
import { addressOf } from "../../../src/sys/entry.ts";
import { OwnedFd } from "../../../src/sys/file.ts";
import { bytes } from "../../../src/sys/memory.ts";
import { poll } from "../../../src/sys/poll.ts";
import { openPseudoTerminal, RawTerminal } from "../../../src/sys/terminal.ts";
import { commonSession } from "../session.ts";
import { median, quantile } from "../statistics.ts";
import { callEngine, type EngineProgram, removeAll } from "./programs.ts";

export interface AttachLatency {
  readonly name: string;
  readonly medianMs: number;
  readonly p90Ms: number;
}

const NAME = "bench-typed";
const KEYS = 200;
/** A fast typist's would be 50: nothing is hidden by what still goes on. */
const BETWEEN_KEYS_MS = 10;
const PATIENCE_MS = 200;
const ATTEMPTS = 100;

export async function measureAttach(program: EngineProgram): Promise<AttachLatency> {
  await removeAll(program);
  const flags = ["-d", "-i", "-t", "--name", NAME, ...program.runFlags];
  await callEngine(program, ["run", ...flags, program.image, "cat"]);
  const { masterFd, peerFd } = openPseudoTerminal();
  using master = new OwnedFd(masterFd);
  using peer = new OwnedFd(peerFd);
  // So that this terminal never echoes anything itself.
  using _raw = new RawTerminal(peer.number);
  const client = Bun.spawn([...commonSession(), ...program.command, "attach", NAME], {
    stdin: peer.number,
    stdout: peer.number,
    stderr: peer.number,
    env: { ...process.env, ...program.environment },
  });
  try {
    await untilAttached(master.number, program.name);
    const latencies = await typeKeys(master.number);
    const { name } = program;
    return { name, medianMs: median(latencies), p90Ms: quantile(latencies, 0.9) };
  } finally {
    client.kill("SIGKILL");
    await client.exited;
    await removeAll(program);
  }
}

const KEY = 0x78;

function press(masterFd: number): void {
  const key = bytes(1);
  key[0] = KEY;
  call("write", masterFd, addressOf(key), 1);
}

/** Whether there was anything to read in time. */
function readWithin(masterFd: number, timeoutMs: number): boolean {
  const [events = 0] = poll([{ fd: masterFd, events: POLLIN }], timeoutMs);
  const buffer = bytes(4096);
  return events !== 0 && call("read", masterFd, addressOf(buffer), buffer.length) > 0;
}

/** The first echoes have come, and all of them have been read. */
async function untilAttached(masterFd: number, name: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    press(masterFd);
    if (readWithin(masterFd, PATIENCE_MS)) {
      while (readWithin(masterFd, PATIENCE_MS)) {
        // More of them.
      }
      return;
    }
    await Bun.sleep(1);
  }
  throw new Error(`${name} attach: no key was echoed`);
}

async function typeKeys(masterFd: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let count = 0; count < KEYS; count += 1) {
    await Bun.sleep(BETWEEN_KEYS_MS);
    const begin = performance.now();
    press(masterFd);
    if (!readWithin(masterFd, ATTEMPTS * PATIENCE_MS)) {
      throw new Error("attach: a key was not echoed");
    }
    latencies.push(performance.now() - begin);
  }
  return latencies;
}
