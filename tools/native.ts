// Builds the C programs of native/ and turns the stage into a TypeScript module.
//
//   STAGE_SOURCES      dist/stage -> src/stage/gen/stage-binary.ts
//   LAUNCHER_SOURCES   dist/ocicat, dist/ocicat-runtime
//   ENTRY_SOURCES      dist/entry.node
//
// The programs are static, and none of them uses a C library: the stage runs where no root file system
// is, the launcher and the entry cost the start of every command.

import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { hashInputs, readStamp } from "./input-hash.ts";
import { captureCommand, runCommand, runTool } from "./processes.ts";
import { DIST, STAGE_MODULE } from "./repository.ts";

export type Architecture = "x86_64" | "aarch64";

const COMPILERS: Readonly<Record<Architecture, string>> = {
  x86_64: "x86_64-linux-gnu-gcc",
  aarch64: "aarch64-linux-gnu-gcc",
};

const COMMON_FLAGS = [
  "-std=gnu11",
  // The program's pages are most of what a holder takes: in this way they are three.
  "-Os",
  "-fno-jump-tables",
  "-fno-gcse",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-unwind-tables",
  "-fno-ident",
  // A memset written as a loop must not become a call of memset, which is itself.
  "-fno-tree-loop-distribute-patterns",
  "-nostdlib",
  "-s",
  "-Wl,--build-id=none",
  // One page-aligned segment less on disk and in memory.
  "-Wl,-z,noseparate-code",
  "-Wl,-z,norelro",
  "-Wl,-z,noexecstack",
];

/** For a static program. */
export const PROGRAM_FLAGS = [...COMMON_FLAGS, "-fno-pic", "-no-pie", "-static"];

/** For a shared object whose undefined functions are those of the program that loads it. */
const ADDON_FLAGS = [...COMMON_FLAGS, "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-Bsymbolic"];

/** The holder alone: tests link it with a driver of theirs. */
export const HOLDER_SOURCES = [
  "native/holder.c",
  "native/exit-record.c",
  "native/log.c",
  "native/oom-kills.c",
  "native/oom-watch.c",
  // The last one: native/buffers.h says why.
  "native/buffers.c",
];
export const STAGE_SOURCES = ["native/stage.c", ...HOLDER_SOURCES];
export const LAUNCHER_SOURCES = ["native/launch.c", "native/launch-notes.c", "native/page-cache.c"];
/** What both JavaScript engines are given of the kernel. */
export const CALLED_SOURCES = ["native/relay.c", "native/signals.c", "native/spawn.c"];
export const ENTRY_SOURCES = ["native/entry.c", ...CALLED_SOURCES];

export function hostArchitecture(): Architecture {
  return process.arch === "arm64" ? "aarch64" : "x86_64";
}

/** The compiler for an architecture: Debian's triplet name, else plain gcc on that machine itself. */
export function compilerFor(architecture: Architecture): string {
  const cross = COMPILERS[architecture];
  if (Bun.which(cross) !== null || architecture !== hostArchitecture()) {
    return cross;
  }
  return "gcc";
}

/** Compiles `sources` (paths below the repository), by default into one static program. */
export async function compileNative(
  architecture: Architecture,
  sources: readonly string[],
  output: string,
  flags: readonly string[] = PROGRAM_FLAGS,
): Promise<void> {
  await mkdir(dirname(output), { recursive: true });
  const temporary = `${output}.${process.pid}`;
  const compiler = compilerFor(architecture);
  await runCommand([compiler, ...flags, "-I", "native", ...sources, "-o", temporary]);
  await rename(temporary, output);
}

/** The stage as a module. The decoder is Uint8Array.fromBase64, the cheapest way Bun has. */
export function stageModule(architecture: Architecture, program: Uint8Array): string {
  const base64 = program.toBase64();
  const forArchitecture = (name: Architecture) => (name === architecture ? base64 : "");
  return [
    "// Made by tools/native.ts from native/: the stage, for the architecture that this build is for.",
    `export const STAGE_X86_64_BASE64 = "${forArchitecture("x86_64")}";`,
    `export const STAGE_AARCH64_BASE64 = "${forArchitecture("aarch64")}";`,
    "",
  ].join("\n");
}

/** Builds what is not current; returns the hash of what it was made from. */
export async function buildNative(): Promise<string> {
  const architecture = hostArchitecture();
  const hash = await nativeHash(architecture);
  if (await isCurrent(hash)) {
    return hash;
  }
  await compileNative(architecture, STAGE_SOURCES, DIST.stage);
  for (const launcher of DIST.launchers) {
    await compileNative(architecture, LAUNCHER_SOURCES, launcher);
  }
  await compileNative(architecture, ENTRY_SOURCES, DIST.entry, ADDON_FLAGS);
  const stage = await Bun.file(DIST.stage).bytes();
  await writeWhole(STAGE_MODULE, stageModule(architecture, stage));
  await writeWhole(DIST.nativeStamp, `${hash}\n`);
  return hash;
}

async function nativeHash(architecture: Architecture): Promise<string> {
  const version = await captureCommand([compilerFor(architecture), "--version"]);
  return hashInputs({
    globs: ["native/**/*.{c,h,S}", "tools/native.ts"],
    isExcluded: () => false,
    facts: [architecture, version, ...PROGRAM_FLAGS, ...ADDON_FLAGS],
  });
}

async function isCurrent(hash: string): Promise<boolean> {
  if ((await readStamp(DIST.nativeStamp)) !== hash) {
    return false;
  }
  for (const output of [DIST.stage, DIST.entry, ...DIST.launchers, STAGE_MODULE]) {
    if (!(await Bun.file(output).exists())) {
      return false;
    }
  }
  return true;
}

/** Writes a file that others may be reading: they see the old one or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await Bun.write(temporary, text);
  await rename(temporary, path);
}

if (import.meta.main) {
  await runTool(async () => {
    await buildNative();
  });
}
