// Load, convert and save, killed at many system calls, and with a disk that becomes full: the store stays
// sound, an archive is whole under its name or not there, and the next try does it all.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { type ArchiveRequest, CONVERTED_NAME, useArchive } from "./archive-process.ts";
import { bundleProgram } from "./bundle-program.ts";
import { IMAGE_KILLS, patienceMs, shareOf } from "./kills.ts";

const NAME = "localhost/app:1";
/** For each way in. */
const KILLS = shareOf(IMAGE_KILLS, 3);
const DISK_BYTES = 16 * 1024 * 1024;
const NEEDS_ROOT = process.getuid?.() !== 0;

let folder = "";
let program = "";
let input = "";
let expected = Buffer.alloc(0);

/** Bytes that do not compress away. */
function noise(seed: number, length: number): Buffer {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-archive-crash-"));
  program = await bundleProgram("archive-process", folder);
  mkdirSync(join(folder, "layout"));
  const layout = new TestLayout(join(folder, "layout"));
  const layers = [1, 2].map((seed) =>
    archive({ name: `file-${seed}`, data: noise(seed, 400_000) }, { name: "same", data: "x" }),
  );
  layout.setIndex([named(layout.addImage({ layers, config: { Cmd: ["a"] } }), NAME)]);
  input = join(folder, "input.tar");
  const first = { root: join(folder, "first"), format: "directory", output: input } as const;
  await useArchive({ ...first, input: layout.folder });
  expected = readFileSync(input);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function start(request: ArchiveRequest, stdin?: Uint8Array) {
  return Bun.spawn([process.execPath, program, JSON.stringify(request)], {
    stdin: stdin ?? "ignore",
    stdout: "pipe",
  });
}

async function expectSound(root: string): Promise<void> {
  using store = new ContentStore(root);
  const findings = await checkStore(store);
  expect(findings.filter(({ severity }) => severity === "damaged")).toEqual([]);
}

async function expectFinished(request: ArchiveRequest): Promise<void> {
  await useArchive({ ...request, input });
  expect(readFileSync(request.output).equals(expected)).toBe(true);
  using store = new ContentStore(request.root);
  await collectGarbage(store, { partialAgeMs: 0 });
  expect(await checkStore(store)).toEqual([]);
  const names = store.names().map(({ name }) => name);
  expect(names.toSorted()).toEqual([NAME, CONVERTED_NAME].toSorted());
  expect(readdirSync(join(request.root, "staging"))).toEqual([]);
}

describe.each([
  ["directory", "a file"],
  ["directory", "a compressed pipe"],
  ["erofs", "a file"],
] as const)("layers as %s, from %s", (format: LayerFormat, from) => {
  test(
    "killed before any system call",
    async () => {
      const stdin = from === "a file" ? undefined : gzipSync(expected, { level: 1 });
      const requestFor = (name: string): ArchiveRequest => {
        const place = join(folder, `${format}-${from.length}-${name}`);
        mkdirSync(place);
        const places = { root: join(place, "store"), output: join(place, "out.tar"), format };
        return stdin === undefined ? { ...places, input } : places;
      };
      const whole = start(requestFor("whole"), stdin);
      const calls = Number(await whole.stdout.text());
      expect(await whole.exited).toBe(0);
      expect(calls).toBeGreaterThan(300);
      for (let round = 0; round < KILLS; round += 1) {
        const request = requestFor(String(round));
        const killAtCall = 1 + Math.floor((round * calls * 0.95) / KILLS);
        const child = start({ ...request, killAtCall }, stdin);
        await child.exited;
        expect(child.signalCode).toBe("SIGKILL");
        await expectSound(request.root);
        const isThere = existsSync(request.output);
        expect(isThere ? readFileSync(request.output).equals(expected) : "not there").toBe(
          isThere ? true : "not there",
        );
        await expectFinished(request);
        rmSync(join(request.root, ".."), { recursive: true });
      }
    },
    patienceMs(KILLS),
  );
});

function must(...command: string[]): void {
  const result = Bun.spawnSync(command, { stderr: "pipe" });
  expect(result.exitCode, `${command.join(" ")}: ${result.stderr}`).toBe(0);
}

/** Takes about `bytes` of room. */
function takeRoom(path: string, bytes: number): void {
  try {
    appendFileSync(path, new Uint8Array(bytes));
  } catch {
    // All there was is taken.
  }
}

describe.skipIf(NEEDS_ROOT)("on a small disk", () => {
  test("an archive is whole or not there, and says why", async () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    writeFileSync(join(folder, "disk.image"), "");
    truncateSync(join(folder, "disk.image"), DISK_BYTES);
    must("mkfs.ext4", "-q", "-m", "0", "-b", "1024", join(folder, "disk.image"));
    must("mount", "-o", "loop", join(folder, "disk.image"), disk);
    try {
      const request = {
        root: join(disk, "store"),
        output: join(disk, "out.tar"),
        format: "directory",
        input,
      } as const;
      const ends = new Set<string>();
      for (let left = 0; left < 7_000_000; left += 400_000) {
        const ballast = join(disk, "ballast");
        takeRoom(ballast, DISK_BYTES - left);
        try {
          await useArchive(request);
          ends.add("done");
        } catch (error) {
          expect(error).toBeInstanceOf(OcicatError);
          ends.add(error instanceof OcicatError ? error.code : "");
        }
        expect(readdirSync(disk).filter((name) => name.endsWith(".part"))).toEqual([]);
        const isThere = existsSync(request.output);
        expect(isThere).toBe(isThere && readFileSync(request.output).equals(expected));
        rmSync(ballast, { force: true });
        rmSync(request.output, { force: true });
        await expectSound(request.root);
        rmSync(request.root, { recursive: true });
      }
      expect([...ends].toSorted()).toEqual(["done", "exhausted"]);
      await expectFinished(request);
    } finally {
      must("umount", disk);
    }
  }, 120_000);
});
