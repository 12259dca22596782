import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAPABILITIES } from "../oci/process.ts";
import { checkKernel, coveredPaths, judgeVersion } from "./doctor-kernel.ts";
import { judgeCompressor } from "./doctor-programs.ts";
import { countLent, judgeCapabilities, judgeIdRanges } from "./doctor-user.ts";
import { findProgram } from "./find-program.ts";
import { readSetting } from "./read-setting.ts";

test("a kernel is too old, old or new enough", () => {
  const status = (release: string) => judgeVersion(release, "x86_64").status;
  expect(status("4.19.0-amd64")).toBe("problem");
  expect(status("5.11.22")).toBe("problem");
  expect(status("5.12")).toBe("note");
  expect(status("6.11.9")).toBe("note");
  expect(status("6.12.0-rc1")).toBe("ok");
  expect(status("10.0.0")).toBe("ok");
  expect(status("")).toBe("problem");
});

test("this kernel is examined without a problem", () => {
  const checks = checkKernel();
  expect(checks.filter(({ status }) => status === "problem")).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual([
    "kernel",
    "system calls",
    "/proc",
    "seccomp",
    "memory files",
  ]);
});

test("what hides a part of /proc is found", () => {
  const line = (path: string) => `36 35 98:0 / ${path} rw - tmpfs tmpfs rw\n`;
  const paths = ["/", "/proc", "/proc/kcore", "/proc/sys/fs/binfmt_misc", "/procs/x", "/proc/acpi"];
  expect(coveredPaths(paths.map(line).join(""))).toEqual(["/proc/kcore", "/proc/acpi"]);
});

test("root needs capabilities", () => {
  const all = new Set(CAPABILITIES.keys());
  expect(judgeCapabilities(all).status).toBe("ok");
  all.delete(CAPABILITIES.indexOf("CAP_SYS_ADMIN"));
  all.delete(CAPABILITIES.indexOf("CAP_SYS_TIME"));
  expect(judgeCapabilities(all)).toMatchObject({
    status: "problem",
    found: "root, without CAP_SYS_ADMIN",
  });
});

test("ranges of subuid(5) are added up", () => {
  const text = "alice:100000:65536\nbob:1:2\n1000:300000:10\nalice:broken\nalice:1:x\n";
  expect(countLent(text, ["alice"])).toBe(65_536);
  expect(countLent(text, ["1000", "alice"])).toBe(65_546);
  expect(countLent(text, ["carol"])).toBe(0);
});

test("without lent ids containers run with root alone, and it says what to install or lend", () => {
  const files = (lent: number) => [
    { path: "/etc/subuid", lent },
    { path: "/etc/subgid", lent: 65_536 },
  ];
  const judge = (missing: string[], lent: number) =>
    judgeIdRanges({ user: "alice", missing, files: files(lent) });
  expect(judge(["newuidmap"], 65_536).fix).toContain("apt install uidmap");
  expect(judge([], 0)).toEqual({
    name: "lent ids",
    status: "note",
    found: "/etc/subuid lend alice none: containers have root alone",
    fix: "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 alice",
  });
  expect(judge([], 1000)).toMatchObject({ status: "note", fix: "lend alice 65536" });
  expect(judge([], 65_536)).toEqual({
    name: "lent ids",
    status: "ok",
    found: "65536 by /etc/subuid, 65536 by /etc/subgid",
  });
});

test("a program that is not there is no problem", () => {
  expect(judgeCompressor("/usr/bin/igzip")).toEqual({
    name: "igzip",
    status: "ok",
    found: "/usr/bin/igzip",
  });
  expect(judgeCompressor(undefined)).toMatchObject({ status: "note", name: "igzip" });
});

test("a program is an executable file in a folder of PATH", () => {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-path-"));
  try {
    writeFileSync(join(folder, "tool"), "", { mode: 0o755 });
    writeFileSync(join(folder, "text"), "", { mode: 0o644 });
    symlinkSync("tool", join(folder, "link"));
    expect(findProgram("tool", `relative::/nonexistent:${folder}`)).toBe(`${folder}/tool`);
    expect(findProgram("link", folder)).toBe(`${folder}/link`);
    expect(findProgram("text", folder)).toBeUndefined();
    expect(findProgram(".", folder)).toBeUndefined();
    expect(findProgram("sh")).toBeDefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a setting that cannot be read is not there", () => {
  expect(readSetting("/nonexistent/file")).toBeUndefined();
  expect(readSetting("/proc")).toBeUndefined();
  expect(readSetting("/proc/sys/kernel/ostype")).toBe("Linux");
});
