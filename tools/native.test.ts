import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Architecture,
  compileNative,
  compilerFor,
  hostArchitecture,
  LAUNCHER_SOURCES,
  STAGE_SOURCES,
  stageModule,
} from "./native.ts";

const folder = mkdtempSync(join(tmpdir(), "ocicat-native-"));

afterAll(() => rmSync(folder, { recursive: true }));

test("the module has the stage of its architecture, and nothing for the other", () => {
  const text = stageModule("aarch64", new Uint8Array([0, 255]));
  expect(text).toContain('export const STAGE_AARCH64_BASE64 = "AP8=";');
  expect(text).toContain('export const STAGE_X86_64_BASE64 = "";');
});

const STAGE_LIMIT = 32 * 1024;
const LAUNCHER_LIMIT = 4 * 1024;

/** e_machine of elf(5), and p_type of a segment that names a dynamic linker. */
const MACHINES: Readonly<Record<Architecture, number>> = { x86_64: 62, aarch64: 183 };
const PT_INTERP = 3;

interface Elf {
  readonly machine: number;
  readonly segmentTypes: readonly number[];
}

function parseElf(bytes: Uint8Array<ArrayBuffer>): Elf {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const table = Number(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  return {
    machine: view.getUint16(18, true),
    segmentTypes: Array.from({ length: count }, (_value, index) =>
      view.getUint32(table + index * entrySize, true),
    ),
  };
}

describe.each<Architecture>(["x86_64", "aarch64"])("for %s", (architecture) => {
  const compiler = compilerFor(architecture);
  const isMissing = Bun.which(compiler) === null;

  test.skipIf(isMissing).each([
    ["stage", STAGE_SOURCES, STAGE_LIMIT],
    ["launcher", LAUNCHER_SOURCES, LAUNCHER_LIMIT],
  ])(`the %s is static and small (needs ${compiler})`, async (name, sources, limit) => {
    const output = join(folder, `${name}-${architecture}`);
    await compileNative(architecture, sources, output);
    const bytes = await Bun.file(output).bytes();
    const elf = parseElf(bytes);
    expect(elf.machine).toBe(MACHINES[architecture]);
    expect(elf.segmentTypes).not.toContain(PT_INTERP);
    expect(bytes.length).toBeLessThanOrEqual(limit);
  });
});

test("the host's compiler is there", () => {
  expect(Bun.which(compilerFor(hostArchitecture()))).not.toBeNull();
});
