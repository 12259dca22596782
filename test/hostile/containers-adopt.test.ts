// Holders that are killed: what the clients of a container see of it, and of the holder that follows.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace, spawnInto } from "../e2e/container-place.ts";
import { OCICAT } from "../e2e/run-place.ts";
import { eventually } from "../peers/conditions.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const MARK = "output may be missing here, at most 16384 bytes: the container's holder was killed";

describe.skipIf(NEEDS_ROOT)("as root: after its holder was killed", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("nothing to be left", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  async function killHolder(name: string): Promise<void> {
    // A start writes it down when its process runs.
    const pid = await eventually(
      "the holder",
      () => place.startRecord(name).holderPid || undefined,
    );
    process.kill(pid, "SIGKILL");
  }

  /** A container whose process waits until a test lets it go on: with `go`. */
  function detach(name: string, script: string, ...flags: readonly string[]): void {
    const shared = place.makeFolder("shared");
    place.detach(
      name,
      `wait_for() { while [ ! -e /shared/$1 ]; do sleep 0.01; done; }; ${script}`,
      ...[...["-v", `${shared}:/shared`], ...flags],
    );
  }

  function go(word: string): void {
    writeFileSync(join(place.makeFolder("shared"), word), "");
  }

  /** Its standard output. */
  function logOf(name: string): string {
    return place.call("logs", [name]).stdout;
  }

  async function untilLogged(name: string, text: string): Promise<void> {
    await eventually(`${text} in the log`, () => logOf(name).includes(text));
  }

  test("a command that waits for the container goes on to its end", async () => {
    detach("waited", "wait_for end-waited; exit 3");
    const waiting = place.callAsInit("wait", ["waited"]);
    await eventually("the client", () => place.call("top", ["waited"]).status === 0);
    await killHolder("waited");
    await eventually("a new holder", () => place.startRecord("waited").killedHolders === 1);
    go("end-waited");
    expect(await waiting).toEqual({ status: 0, stdout: "3\n", stderr: "" });
  });

  test("logs -f shows what comes, and that something may be missing", async () => {
    detach("logged", "echo one; wait_for two; echo two; wait_for end-logged; echo end");
    await untilLogged("logged", "one");
    const following = Bun.spawn([OCICAT, "logs", "-f", ...place.flags, "logged"], {
      stdout: "pipe",
      stderr: "pipe",
    });
    await killHolder("logged");
    go("two");
    await untilLogged("logged", "two");
    go("end-logged");
    await place.callAsInit("wait", ["logged"]);
    expect(await following.stdout.text()).toBe("one\ntwo\nend\n");
    expect(await following.stderr.text()).toBe(`${MARK}\n`);
    await following.exited;
  });

  test("what is written meanwhile waits in the FIFO, and whoever writes more waits with it", async () => {
    detach("full", "wait_for begin; seq 1 50000; echo done > /shared/done; wait_for end-full");
    await killHolder("full");
    go("begin");
    place.outputOf("ps");
    await untilLogged("full", "50000\n");
    const numbers = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`);
    expect(logOf("full")).toBe(numbers.join(""));
    go("end-full");
    expect((await place.callAsInit("wait", ["full"])).stdout).toBe("0\n");
  });

  test.each(["pipe", "file"] as const)(
    "run in the foreground, its output a %s, attaches again",
    async (kind) => {
      const name = `front-${kind}`;
      const shared = place.makeFolder("shared");
      const script = `echo one
while [ ! -e /shared/${name} ]; do sleep 0.01; done
seq 1 20000
exit 6`;
      const words = ["-v", `${shared}:/shared`, place.image, "/bin/sh", "-c", script];
      const command = place.command(words, name);
      const file = join(place.folder, kind);
      const child = spawnInto(file, kind, command);
      await eventually(
        "its output",
        () => existsSync(file) && readFileSync(file, "utf8") === "one\n",
      );
      await killHolder(name);
      go(name);
      expect(await place.asInit(child.exited)).toBe(6);
      const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`);
      expect(readFileSync(file, "utf8")).toBe(["one\n", ...numbers].join(""));
    },
  );

  test("several commands that look at once start one holder", async () => {
    detach("looked-at", "wait_for end-looked-at; exit 4");
    await killHolder("looked-at");
    const commands = Array.from({ length: 6 }, () => place.callAsInit("ps", []));
    for (const { stderr, status } of await Promise.all(commands)) {
      expect([status, stderr]).toEqual([0, ""]);
    }
    expect(place.startRecord("looked-at").killedHolders).toBe(1);
    go("end-looked-at");
    expect((await place.callAsInit("wait", ["looked-at"])).stdout).toBe("4\n");
  });

  test("a container that is paused stays so", async () => {
    detach("paused", "wait_for end-paused; exit 5");
    place.outputOf("pause", "paused");
    await killHolder("paused");
    expect(place.outputOf("ps", "--format", "{{.Status}}")).toContain("(Paused)");
    expect(place.startRecord("paused").killedHolders).toBe(1);
    place.outputOf("unpause", "paused");
    go("end-paused");
    expect((await place.callAsInit("wait", ["paused"])).stdout).toBe("5\n");
  });

  test("a container with a terminal ends, for nobody could reach it any more", async () => {
    detach("terminal", "trap '' HUP; echo ready; while :; do sleep 1; done", "-t");
    await untilLogged("terminal", "ready");
    await killHolder("terminal");
    place.outputOf("ps");
    expect((await place.callAsInit("wait", ["terminal"])).stdout).toBe("137\n");
    expect(place.outputOf("ps", "-a", "--format", "{{.Status}}")).toStartWith("Exited (137) ");
  });
});
