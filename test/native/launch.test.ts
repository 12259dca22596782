// The launcher, with a small program in the place of the compiled one that says what it was given.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { QUICK_COMMANDS } from "../../src/cli/quick-commands.ts";
import { type LaunchNotes, parseLaunchNotes } from "../../src/sys/launch-notes.ts";
import {
  type Architecture,
  compileNative,
  hostArchitecture,
  LAUNCHER_SOURCES,
} from "../../tools/native.ts";
import { EMULATED_AARCH64, missingTools, SANITIZED, TestFolder } from "./compiler.ts";

const PROBE = `#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv) {
  char directory[4096];
  printf("cwd %s\\n", getcwd(directory, sizeof directory));
  for (int i = 0; i < argc; i++) printf("argument %s\\n", argv[i]);
  for (char **each = environ; *each; each++) printf("variable %s\\n", *each);
  for (int i = 0; i < 3; i++)
    if (fcntl(i, F_GETFD) == 0) printf("standard %d\\n", i);
  return 7;
}
`;

const MACHINES: readonly {
  readonly architecture: Architecture;
  readonly compiler: string;
  readonly runner: string;
  readonly missing: readonly string[];
}[] = [
  {
    architecture: hostArchitecture(),
    compiler: "gcc",
    runner: "",
    missing: missingTools(SANITIZED),
  },
  {
    architecture: "aarch64",
    compiler: `${EMULATED_AARCH64.compiler} -static`,
    runner: "qemu-aarch64",
    missing: missingTools(EMULATED_AARCH64),
  },
];

for (const { architecture, compiler, runner, missing } of MACHINES) {
  const kind = runner === "" ? architecture : `${architecture}, emulated`;
  describe.skipIf(missing.length > 0)(`launcher for ${kind}`, () => {
    // The emulator answers /proc/self/exe itself, but what the launcher executes is the machine's.
    describeLauncher(architecture, runner === "" ? compiler : "gcc", runner);
  });
}

function describeLauncher(architecture: Architecture, compiler: string, runner: string): void {
  const folder = new TestFolder();
  const launcher = folder.file("bin/ocicat-runtime");

  beforeAll(async () => {
    await compileNative(architecture, LAUNCHER_SOURCES, launcher);
    await Bun.write(folder.file("probe.c"), PROBE);
    const command = `${compiler} -o bin/ocicat.bin probe.c`.split(" ");
    expect(Bun.spawnSync(command, { cwd: folder.path }).exitCode).toBe(0);
  });

  afterAll(() => folder.remove());

  interface Outcome {
    readonly lines: readonly string[];
    readonly stderr: string;
    readonly exitCode: number;
  }

  /** Runs a shell script in which $L is the launcher, and $RUN what it takes to run it. */
  function runShell(script: string, variables: Record<string, string> = {}): Outcome {
    const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "-c", script], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", L: launcher, RUN: runner, ...variables },
      stdin: "ignore",
      stderr: "pipe",
    });
    return {
      lines: stdout.toString().trimEnd().split("\n"),
      stderr: stderr.toString(),
      exitCode,
    };
  }

  function notesOf({ lines }: Outcome): LaunchNotes {
    const note = lines.find((line) => line.startsWith("variable OCICAT_LAUNCH="));
    return parseLaunchNotes(note?.slice("variable OCICAT_LAUNCH=".length) ?? "");
  }

  test("executes the program with its arguments, and ends as it does", () => {
    const { lines, exitCode } = runShell(`$RUN "$L" create "two words" ''`);
    expect(lines.filter((line) => line.startsWith("argument")).slice(1)).toEqual([
      "argument create",
      "argument two words",
      "argument ",
    ]);
    expect(exitCode).toBe(7);
  });

  if (runner === "") {
    test("executes it under the name that was typed", () => {
      expect(runShell(`exec -a some/name "$L"`).lines).toContain("argument some/name");
    });
  }

  test("finds the program through a symbolic link, and in ../lib/ocicat", () => {
    symlinkSync(launcher, folder.file("link"));
    expect(runShell("$RUN ./link x").lines).toContain("argument x");
    mkdirSync(folder.file("prefix/bin"), { recursive: true });
    mkdirSync(folder.file("prefix/lib/ocicat"), { recursive: true });
    copyFileSync(launcher, folder.file("prefix/bin/ocicat"));
    copyFileSync(folder.file("bin/ocicat.bin"), folder.file("prefix/lib/ocicat/ocicat.bin"));
    expect(runShell("$RUN prefix/bin/ocicat y").lines).toContain("argument y");
  });

  test("short commands, and all of the OCI command line, are the quick program's where it is", () => {
    mkdirSync(folder.file("both"));
    for (const name of ["ocicat", "ocicat-runtime"]) {
      copyFileSync(launcher, folder.file(`both/${name}`));
    }
    copyFileSync(folder.file("bin/ocicat.bin"), folder.file("both/ocicat.bin"));
    writeFileSync(folder.file("quick.c"), "int main(void) { return 9; }");
    const command = `${compiler} -o both/ocicat.quick quick.c`.split(" ");
    expect(Bun.spawnSync(command, { cwd: folder.path }).exitCode).toBe(0);
    const isQuick = (words: string): boolean => runShell(`$RUN both/${words}`).exitCode === 9;
    const short = [
      ...Object.keys(QUICK_COMMANDS).filter((word) => word !== "healthcheck"),
      "runtime",
    ];
    expect(short.filter((word) => !isQuick(`ocicat ${word} x`))).toEqual([]);
    expect(isQuick("ocicat-runtime create x")).toBe(true);
    expect(isQuick("ocicat-runtime")).toBe(true);
    const others = ["", "ps", "pull x", "runs", "ru", "healthcheck run x", "--help run"];
    expect(others.filter((words) => isQuick(`ocicat ${words}`))).toEqual([]);
    chmodSync(folder.file("both/ocicat.quick"), 0o644);
    const { stderr } = runShell("$RUN both/ocicat run x");
    expect(stderr).toBe(`ocicat: execute "${folder.file("both/ocicat.quick")}": error 13\n`);
  });

  test("says so when there is no program", () => {
    mkdirSync(folder.file("alone"));
    copyFileSync(launcher, folder.file("alone/ocicat"));
    const { stderr, exitCode } = runShell("$RUN alone/ocicat");
    const wanted = join(folder.path, "alone/ocicat.bin");
    expect(stderr).toBe(`ocicat: execute "${wanted}": no such file or directory\n`);
    expect(exitCode).toBe(127);
  });

  test("drops what Bun would obey, and notes that are not the launcher's", () => {
    const outcome = runShell('$RUN "$L"', {
      BUN_OPTIONS: "--preload x",
      BUN_BE_BUN: "1",
      BUNDLE: "kept",
      OCICAT_LAUNCH: "forged",
      OCICAT_LAUNCHED: "kept",
    });
    const names = outcome.lines.map(
      (line) => /^variable (BUN\w*|MIMALLOC\w*|OCICAT\w*)=(kept)?/.exec(line)?.[0],
    );
    expect(names.filter(Boolean).sort()).toEqual([
      "variable BUNDLE=kept",
      "variable BUN_JSC_useJIT=",
      "variable BUN_JSC_useWarmUpMarkedBlocks=",
      "variable MIMALLOC_ALLOW_THP=",
      "variable OCICAT_LAUNCH=",
      "variable OCICAT_LAUNCHED=kept",
    ]);
    expect(notesOf(outcome).lostDirectory).toBeUndefined();
  });

  test("has Bun's compiler for what works long alone, which gets no huge pages", () => {
    const compiles = (words: string): boolean => {
      const { lines } = runShell(`$RUN "$L" ${words}`);
      const isQuick = lines.includes("variable BUN_JSC_useJIT=0");
      expect(lines.includes("variable MIMALLOC_ALLOW_THP=2")).toBe(isQuick);
      return !isQuick;
    };
    for (const words of ["pull x", "load", "import -", "image pull x"]) {
      expect([words, compiles(words)]).toEqual([words, true]);
    }
    for (const words of ["", "run x", "images", "pullx", "run pull"]) {
      expect([words, compiles(words)]).toEqual([words, false]);
    }
  });

  test("reads a program through of which nothing is cached", () => {
    const program = folder.file("bin/ocicat.bin");
    const small = readFileSync(program);
    writeFileSync(program, Buffer.concat([small, Buffer.alloc(64 * 1024 * 1024)]));
    const states = ["$RUN bin/ocicat.bin", '$RUN "$L"'].map((command) => {
      runShell("sync bin/ocicat.bin; dd if=bin/ocicat.bin iflag=nocache count=0 status=none");
      const before = cachedBytes(program);
      runShell(command);
      return { before, isWhole: cachedBytes(program) >= 64 * 1024 * 1024 };
    });
    writeFileSync(program, small);
    if (states[0]?.before === 0) {
      expect(states.map(({ isWhole }) => isWhole)).toEqual([false, true]);
    } else {
      // A file system in memory keeps everything.
      expect(states.map(({ isWhole }) => isWhole)).toEqual([true, true]);
    }
  });

  function cachedBytes(path: string): number {
    const command = ["fincore", "--bytes", "--noheadings", "--output", "RES", path];
    return Number(Bun.spawnSync(command).stdout.toString());
  }

  test("takes an environment that is empty, and one that is large", () => {
    const empty = runShell('exec env -i $RUN "$L"').lines;
    expect(empty.filter((line) => line.startsWith("variable"))).toHaveLength(4);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`V${index}`, "x"]));
    const large = runShell('exec $RUN "$L"', many).lines;
    expect(large.filter((line) => line.startsWith("variable V"))).toHaveLength(5000);
  });

  test("notes the limit of open files", () => {
    const outcome = runShell('ulimit -Sn 77; ulimit -Hn 99; $RUN "$L"');
    expect(notesOf(outcome).openFilesLimit).toEqual({ soft: 77, hard: 99 });
  });

  test("notes the inherited descriptors", () => {
    const before = notesOf(runShell('$RUN "$L"')).inheritedFds;
    const after = notesOf(runShell('$RUN "$L" 7</dev/null 200</dev/null'));
    expect(after.inheritedFds.filter((fd) => !before.includes(fd))).toEqual([7, 200]);
    expect(after.inheritedFdsAreComplete).toBe(true);
  });

  test("says when there are more than it can list", () => {
    const open = 'for i in $(seq 10 1500); do eval "exec $i</dev/null"; done';
    const notes = notesOf(runShell(`${open}; exec $RUN "$L"`));
    expect(notes.inheritedFdsAreComplete).toBe(false);
    expect(notes.inheritedFds.length).toBeGreaterThan(500);
    expect(notes.lostDirectory).toBeUndefined();
  });

  test("notes closed standard descriptors, and opens the null device there", () => {
    expect(notesOf(runShell('$RUN "$L"')).closedStandardFds).toEqual([]);
    const outcome = runShell('$RUN "$L" <&- 2>&-');
    expect(outcome.lines.filter((line) => line.startsWith("standard"))).toHaveLength(3);
    // The emulator opens files of its own before the program runs, there if there is room.
    if (runner === "") {
      expect(notesOf(outcome).closedStandardFds).toEqual([0, 2]);
    }
  });

  test("keeps the working directory, or takes / for one that was deleted", () => {
    const kept = runShell('cd bin; $RUN "$L"');
    expect(kept.lines).toContain(`cwd ${join(folder.path, "bin")}`);
    expect(notesOf(kept).lostDirectory).toBeUndefined();
    const lost = runShell('mkdir gone; cd gone; rmdir ../gone; $RUN "$L"');
    expect(lost.lines).toContain("cwd /");
    expect(notesOf(lost).lostDirectory).toBeGreaterThan(2);
  });
}
