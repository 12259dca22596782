// Standard input and output of `ocicat run`, and the signals that it passes on.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitForPid } from "../../src/sys/process.ts";
import { isGuest } from "../vm/guest.ts";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const MEGABYTE = 1024 * 1024;
/** An emulated processor would take minutes for as much as a real one moves in a second. */
const OUTPUT_MEGABYTES = isGuest() ? 5 : 100;
const INPUT_MEGABYTES = isGuest() ? 2 : 20;

describe.skipIf(NEEDS_ROOT)("as root: streams and signals", () => {
  const place = new RunPlace();
  let root = "";
  let shared = "";
  beforeAll(() => {
    root = makeBusyboxRoot(place.makeFolder("rootfs"));
    shared = place.makeFolder("shared");
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const shell = (script: string, ...flags: string[]): string[] => [
    ...flags,
    ...["--rootfs", root, "/bin/sh", "-c", `PATH=/bin; ${script}`],
  ];

  test("standard output and error stay apart", async () => {
    const result = await place.run(shell("echo out; echo err >&2; exit 5"));
    expect(result).toEqual({ status: 5, stdout: "out\n", stderr: "err\n" });
  });

  test(`${OUTPUT_MEGABYTES} MB of output arrive whole`, async () => {
    const child = place.spawn(
      shell(`yes 0123456789abcde | head -c ${OUTPUT_MEGABYTES * MEGABYTE}`),
    );
    const hasher = new Bun.CryptoHasher("sha256");
    let length = 0;
    for await (const part of child.stdout) {
      hasher.update(part);
      length += part.length;
    }
    const wanted = new Bun.CryptoHasher("sha256");
    const megabyte = Buffer.from("0123456789abcde\n".repeat(MEGABYTE / 16));
    for (let count = 0; count < OUTPUT_MEGABYTES; count += 1) {
      wanted.update(megabyte);
    }
    expect(await child.exited).toBe(0);
    expect(length).toBe(OUTPUT_MEGABYTES * MEGABYTE);
    expect(hasher.digest("hex")).toBe(wanted.digest("hex"));
  });

  test("input ends where ours ends; the answer to it still comes", async () => {
    const script = "cat; echo end; sleep 0.1; echo later";
    const { stdout } = await place.run(shell(script, "-i"), { input: "x\n" });
    expect(stdout).toBe("x\nend\nlater\n");
  });

  test(`${INPUT_MEGABYTES} MB of input arrive whole`, async () => {
    const input = Buffer.alloc(INPUT_MEGABYTES * MEGABYTE, "some input\n");
    const wanted = new Bun.CryptoHasher("sha256").update(input).digest("hex");
    const child = place.spawn(["-i", "--rootfs", root, "/bin/cat"], { input });
    const output = await new Response(child.stdout).bytes();
    expect(await child.exited).toBe(0);
    expect(new Bun.CryptoHasher("sha256").update(output).digest("hex")).toBe(wanted);
  });

  test("a process that reads no further does not keep its writer waiting", async () => {
    const input = Buffer.alloc(4 * MEGABYTE, "0123456789");
    const { stdout, status } = await place.run(shell("head -c 5", "-i"), { input });
    expect(stdout).toBe("01234");
    expect(status).toBe(0);
  });

  test("without -i there is no input", async () => {
    expect(await place.output(shell("cat; echo end"), { input: "lost\n" })).toBe("end\n");
  });

  test("when the reader of our output goes, the process sees a closed pipe", async () => {
    const command = place.command(shell("yes; echo yes ended with $? >&2"));
    const child = Bun.spawnSync(["sh", "-c", '"$@" | head -n 1', "sh", ...command]);
    expect(child.stdout.toString()).toBe("y\n");
    expect(child.stderr.toString()).toContain("yes ended with ");
  });

  // The number of a real-time signal that Bun itself could not catch.
  test.each<[string, number]>([
    ["TERM", 15],
    ["INT", 2],
    ["HUP", 1],
    ["USR1", 10],
    ["the real-time signal 37", 37],
  ])("%s reaches the process", async (_, signal) => {
    const script = `trap "echo got ${signal}; exit 9" ${signal}; echo ready; while :; do sleep 0.05; done`;
    const child = place.spawn(shell(script));
    const reader = child.stdout.getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await reader.read()).value)).toBe("ready\n");
    process.kill(child.pid, signal);
    expect(decoder.decode((await reader.read()).value)).toBe(`got ${signal}\n`);
    expect(await child.exited).toBe(9);
  });

  test("what the kernel keeps from a first process without a handler does not end ocicat either", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const child = place.spawn(["-i", "--rootfs", root, "/bin/cat"], { input: readable });
    const writer = writable.getWriter();
    const reader = child.stdout.getReader();
    await writer.write(Buffer.from("one\n"));
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("one\n");
    process.kill(child.pid, "SIGINT");
    await writer.write(Buffer.from("two\n"));
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("two\n");
    await writer.close();
    expect(await child.exited).toBe(0);
  });

  test("SIGKILL of ocicat run: the container goes on to its end, and leaves nothing", async () => {
    const name = place.newName();
    const script = `echo ready; while [ ! -e /shared/orphaned ]; do sleep 0.05; done
      head -c 1000000 /dev/zero; echo whole > /shared/result; exit 3`;
    const child = place.spawn(shell(script, "-v", `${shared}:/shared`), {}, name);
    await child.stdout.getReader().read();
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    const holder = holderOf(place);
    writeFileSync(join(shared, "orphaned"), "");
    // It was to be removed at its end: without a client the holder sees to that.
    waitForPid(holder);
    expect(readFileSync(join(shared, "result"), "utf8")).toBe("whole\n");
    expect(place.leftovers()).toEqual([]);
  });
});

/** The holder that has become our child. */
function holderOf(place: RunPlace): number {
  const line = place.leftovers().find((text) => text.startsWith("process: ")) ?? "";
  return Number(line.split(" ")[1]);
}
