// The entry by which TypeScript makes system calls, on both processors.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { aarch64 } from "../../src/abi/aarch64.ts";
import type { Architecture } from "../../src/abi/architecture.ts";
import { x86_64 } from "../../src/abi/x86-64.ts";
import { Errno } from "../../src/error/errno.ts";
import { ENTRY_SOURCES } from "../../tools/native.ts";
import {
  compileHosted,
  EMULATED_AARCH64,
  missingTools,
  PLAIN,
  type Target,
  TestFolder,
} from "./compiler.ts";

const host: Architecture = process.arch === "arm64" ? aarch64 : x86_64;

const PLACES: readonly (readonly [name: string, target: Target, architecture: Architecture])[] = [
  ["this machine (needs gcc)", PLAIN, host],
  ["aarch64 (needs aarch64-linux-gnu-gcc and qemu-aarch64)", EMULATED_AARCH64, aarch64],
];

describe.each(PLACES)("on %s", (_, target, { syscalls }) => {
  const folder = new TestFolder();
  const program = folder.file("entry-call");
  const isMissing = missingTools(target).length > 0;

  beforeAll(() => {
    if (!isMissing) {
      const others = ENTRY_SOURCES.filter((path) => path !== "native/entry.c");
      compileHosted(target, ["test/native/entry-call.c", ...others], program);
    }
  });
  afterAll(() => {
    folder.remove();
  });

  function run(...words: readonly (string | number)[]): string {
    const { stdout } = Bun.spawnSync([...target.runner, program, ...words.map(String)]);
    return stdout.toString();
  }

  test.skipIf(isMissing)("a call has its six arguments, and its result or -errno", () => {
    expect(run("syscall", syscalls.getpgid, 999_999_999)).toBe(`-${Errno.ESRCH}\n`);
    // All that is asked of a mapping, and the last is no multiple of a page.
    expect(run("syscall", syscalls.mmap, 0, 4096, 1, 0x22, -1, 7)).toBe(`-${Errno.EINVAL}\n`);
    expect(run("syscall", syscalls.fcntl, 1, 1)).toMatch(/^[01]\n$/);
  });

  test.skipIf(isMissing)("a child makes its calls, and their results are seen", () => {
    // The emulator gives a child memory of its own.
    const results = target === PLAIN ? `-${Errno.EBADF} -${Errno.ENOENT}` : "0 0";
    expect(run("spawn", "/no/such/program")).toBe(`${results} 127\n`);
    expect(run("spawn", "/bin/true")).toMatch(/ 0\n$/);
  });

  test.skipIf(isMissing)("an array has an address", () => {
    expect(run("address")).toBe("1\n");
  });
});
