// `ocicat trace`: what a container's start took its time for.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

interface Traced {
  readonly restarts: number;
  readonly totalMs: number;
  readonly phases: readonly { readonly phase: string; readonly milliseconds: number }[];
}

describe.skipIf(NEEDS_ROOT)("as root: trace", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const traced = (name: string): Traced =>
    JSON.parse(place.outputOf("trace", "--format", "json", name));

  const namesOf = ({ phases }: Traced): string[] => phases.map(({ phase }) => phase);

  /** From the image to the process. */
  const WORK = [
    ...["image", "mount", "container", "network", "configuration", "arguments", "parse", "facts"],
    ...["cgroup", "compile", "launch", "ready", "holder", "process"],
  ];

  test("a start has its phases, from the beginning of the command", () => {
    const name = place.newName();
    place.detach(name, "exit 0");
    place.outputOf("wait", name);
    const first = traced(name);
    expect(namesOf(first).filter((phase) => phase !== "launcher")).toEqual([
      ...["start", "command"],
      ...WORK,
    ]);
    const sum = first.phases.reduce((total, { milliseconds }) => total + milliseconds, 0);
    expect(first.totalMs).toBeCloseTo(sum, 3);
    const lines = place.outputOf("trace", name).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^PHASE +ms +SHARE$/);
    expect(lines.at(-1)).toMatch(/^total +\d+\.\d\d +100 %$/);
    expect(lines).toHaveLength(first.phases.length + 2);
  });

  test("a restart is told without what was before it: the stop, the policy's patience", async () => {
    const name = place.newName();
    place.detach(name, "exit 1", "--restart", "on-failure:1");
    await eventually("the policy's start", () => {
      // While it starts there are no phases yet.
      const { status, stdout } = place.call("trace", ["--format", "json", name]);
      return status === 0 && JSON.parse(stdout).restarts === 1;
    });
    const policys = namesOf(traced(name));
    expect(policys).toEqual(["command", ...WORK.filter((phase) => phase !== "container")]);
    place.outputOf("update", "--restart", "no", name);
    await eventually("its end", () => place.outputOf("ps", "-q") === "");
    place.outputOf("restart", name);
    expect(namesOf(traced(name))).toEqual(policys);
    expect(traced(name).restarts).toBe(0);
  });

  test("what was never started has no phases", () => {
    const name = place.newName();
    const created = place.call("create", ["--name", name, "--rootfs", place.root, "/bin/true"]);
    expect(created.status).toBe(0);
    expect(place.call("trace", [name])).toMatchObject({
      status: 1,
      stderr: `ocicat trace: trace the start of container "${name}": it has not been started yet\n`,
    });
  });
});
