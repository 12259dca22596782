// SIGKILL for the runtime at every op of a container's program and at every system call of its own:
// afterwards `delete --force` removes whatever there is, at once and alone. No process, cgroup, mount or
// state stays; what was not committed has ended by itself.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "../../src/runtime/create.ts";
import type { CreateOptions } from "../../src/runtime/create-options.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { start } from "../../src/runtime/start.ts";
import { OP_STEP } from "./kills.ts";
import { livingChildren } from "./leftovers.ts";
import { type Bundle, NEEDS_ROOT, Scratch } from "./scratch.ts";
import type { VerbRequest } from "./verb-process.ts";
import { VerbRunner } from "./verb-runner.ts";

const scratch = new Scratch();
const HOOK = { path: "/bin/true" };
let verbs: VerbRunner;

beforeAll(async () => {
  verbs = await VerbRunner.build(scratch);
});

afterAll(() => scratch.remove());

const sleepingBundle = scratch.bundle({ args: ["/bin/sleep", "1000"] });

/** With everything that makes the runtime stop on the way: hooks, a user namespace, limits. */
const elaborate = (): Bundle =>
  scratch.bundle({
    args: ["/bin/sleep", "1000"],
    hooks: {
      prestart: [HOOK],
      createRuntime: [HOOK],
      createContainer: [{ path: "/usr/bin/true" }],
      startContainer: [HOOK],
      poststart: [HOOK],
      poststop: [HOOK],
    },
    linux: {
      namespaces: [...(sleepingBundle.spec.linux?.namespaces ?? []), { type: "user" }],
      uidMappings: [{ containerID: 0, hostID: 0, size: 65536 }],
      gidMappings: [{ containerID: 0, hostID: 0, size: 65536 }],
      resources: { memory: { limit: 100_000_000 }, pids: { limit: 50 } },
    },
  });

function isCommitted({ stateRoot, id }: CreateOptions): boolean {
  try {
    const state = JSON.parse(readFileSync(join(stateRoot, id, "state.json"), "utf8"));
    return state.phase === "committed";
  } catch {
    return false;
  }
}

/** Returns when at most `count` processes are left; one that waited for the dead would keep us here. */
async function untilChildren(count: number): Promise<void> {
  while (livingChildren().length > count) {
    await Bun.sleep(1);
  }
}

function runVerb(request: VerbRequest): "done" | "killed" {
  const { end, text } = verbs.run(request);
  if (end === "failed") {
    throw new Error(`${textOf(request)}: ${text}`);
  }
  return end;
}

function textOf({ verb, options, killAtCall }: VerbRequest): string {
  return `${verb} killed at op ${options.killAtOp}, call ${killAtCall}`;
}

/** By `delete --force` alone, of a container whose making may have been cut short. */
async function expectDeletable(request: VerbRequest): Promise<void> {
  const { options, verb } = request;
  if (!isCommitted(options)) {
    await untilChildren(0);
  } else if (verb === "exec") {
    // What it added ends by itself; the namespace of pids goes when all of that is reaped. One look may miss
    // a process that becomes an orphan meanwhile.
    await untilChildren(1);
    await untilChildren(1);
  }
  deleteContainer({ ...options, force: true });
  await untilChildren(0);
  const left = scratch.leftovers();
  if (left.length > 0) {
    throw new Error(`${textOf(request)} leaves ${left.join(", ")}`);
  }
}

async function countOps(bundle: Bundle): Promise<number> {
  const options = scratch.options(bundle);
  await create(options);
  const file = join(options.stateRoot, options.id, "provenance.json");
  const provenance = JSON.parse(readFileSync(file, "utf8"));
  deleteContainer({ ...options, force: true });
  return provenance.first + provenance.ops.length;
}

const everyNth = (count: number, step: number): number[] =>
  Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);

/**
 * Where `create` was at its end when init asked it to die, init is gone: what nobody reads any more resets
 * its socket.
 */
function startIsKilled(options: CreateOptions): boolean {
  const { end, text } = verbs.run({ verb: "start", options });
  if (end === "failed") {
    expect(text).toContain("cannot start a container that has stopped");
  }
  return end === "killed";
}

/** create, and start where create came to its end: how often one of them was killed. */
async function killAtOps(bundle: Bundle, ops: readonly number[]): Promise<number> {
  let killed = 0;
  for (const killAtOp of ops) {
    const options = { ...scratch.options(bundle), killAtOp };
    const end = runVerb({ verb: "create", options });
    killed += end === "killed" || startIsKilled(options) ? 1 : 0;
    await expectDeletable({ verb: "create", options });
  }
  return killed;
}

describe.skipIf(NEEDS_ROOT)("as root: SIGKILL at an op", () => {
  test("ops of create and start, of a typical container", async () => {
    const ops = everyNth(await countOps(sleepingBundle), OP_STEP);
    const killed = await killAtOps(sleepingBundle, ops);
    // The others are ops for what is not there: a missing mount target, a refused file system.
    expect(killed).toBeGreaterThan(ops.length / 2);
    expect(killed).toBeLessThan(ops.length);
  }, 200_000);

  test("ops of one with hooks, limits and a user namespace", async () => {
    const bundle = elaborate();
    const ops = everyNth(await countOps(bundle), 7 * OP_STEP);
    const killed = await killAtOps(bundle, ops);
    expect(killed).toBeGreaterThan(ops.length / 2);
  }, 100_000);

  test("ops of exec: it leaves the container usable, and deletable", async () => {
    const OPS = 150;
    let killed = 0;
    let lastKilled = 0;
    using container = await scratch.started(sleepingBundle);
    for (const killAtOp of everyNth(OPS, OP_STEP)) {
      const options = { ...scratch.options(sleepingBundle, container.id), killAtOp };
      if (runVerb({ verb: "exec", options, args: ["/bin/true"] }) === "killed") {
        killed += 1;
        lastKilled = killAtOp;
      }
      await untilChildren(1);
    }
    expect(await container.exec({ args: ["/bin/true"] })).toEqual({ code: 0 });
    expect(killed).toBeGreaterThan(20 / OP_STEP);
    // There are no more ops than were tried.
    expect(lastKilled).toBeLessThan(OPS - 5);
  }, 100_000);
});

describe.skipIf(NEEDS_ROOT)("as root: SIGKILL at a system call of the runtime", () => {
  async function countCalls(request: VerbRequest): Promise<number> {
    const { end, text } = verbs.run(request);
    expect(end).toBe("done");
    return Number(text);
  }

  /** Kills the verb at each of its calls, or at some of them, each time on a container of its own. */
  async function killAtCalls(
    verb: Pick<VerbRequest, "verb" | "args">,
    prepare: (options: CreateOptions) => Promise<void>,
  ): Promise<void> {
    const requestFor = async (): Promise<VerbRequest> => {
      const options = scratch.options(sleepingBundle);
      await prepare(options);
      return { ...verb, options };
    };
    // The first makes what is there for all: it is the second whose calls count.
    let count = 0;
    for (let round = 0; round < 2; round += 1) {
      const request = await requestFor();
      count = await countCalls(request);
      await expectDeletable(request);
    }
    let killed = 0;
    const points = everyNth(count, OP_STEP);
    for (const point of points) {
      const request = { ...(await requestFor()), killAtCall: point + 1 };
      const { end, text } = verbs.run(request);
      // One that waits less often than the first makes fewer calls: the last points may lie beyond its end.
      const calls = end === "done" ? Number(text) : point + 1;
      expect({ end, isReached: calls > point }).toEqual({ end, isReached: end === "killed" });
      killed += end === "killed" ? 1 : 0;
      await expectDeletable(request);
    }
    expect(killed).toBeGreaterThan(points.length * 0.9);
  }

  test("of create", async () => {
    await killAtCalls({ verb: "create" }, async () => undefined);
    expect(scratch.leftovers()).toEqual([]);
  }, 200_000);

  test("of start", async () => {
    await killAtCalls({ verb: "start" }, async (options) => {
      await create(options);
    });
    expect(scratch.leftovers()).toEqual([]);
  }, 100_000);

  test("of exec, in a container that can be deleted then", async () => {
    await killAtCalls({ verb: "exec", args: ["/bin/true"] }, async (options) => {
      await create(options);
      start(options);
    });
    expect(scratch.leftovers()).toEqual([]);
  }, 200_000);

  test("of delete --force, of a running container", async () => {
    await killAtCalls({ verb: "delete" }, async (options) => {
      await create(options);
      start(options);
    });
    expect(scratch.leftovers()).toEqual([]);
  }, 200_000);
});
