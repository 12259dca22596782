import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../tools/repository.ts";
import type { SeccompProfile } from "../oci/seccomp.ts";
import { defaultSeccomp } from "./default-seccomp.ts";

const DOCKERS: SeccompProfile = JSON.parse(
  readFileSync(join(REPOSITORY, "test/fixtures/docker-default-seccomp.json"), "utf8"),
);

/** What Docker gives containers of its own accord. */
const CAPABILITIES = ["CAP_CHOWN", "CAP_SYS_CHROOT"];

function allowedNames({ syscalls = [] }: SeccompProfile): string[] {
  return syscalls
    .filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && args === undefined)
    .flatMap(({ names }) => names)
    .toSorted();
}

function conditions({ syscalls = [] }: SeccompProfile): string[] {
  return syscalls
    .filter(({ action, args }) => args !== undefined || action !== "SCMP_ACT_ALLOW")
    .map(({ names, action, args, errnoRet }) => {
      const told = (args ?? []).map(({ index, value, valueTwo = 0, op }) => [
        index,
        value,
        valueTwo,
        op,
      ]);
      return JSON.stringify([names, action, told, errnoRet ?? 0]);
    })
    .toSorted();
}

describe("the default profile", () => {
  const ours = defaultSeccomp(CAPABILITIES, "x86_64");

  test("allows what Docker's allows, and no more", () => {
    // Of processors that the table of names does not know.
    const theirs = allowedNames(DOCKERS).filter((name) => name !== "riscv_hwprobe");
    expect(allowedNames(ours)).toEqual(theirs);
  });

  test("has Docker's conditions", () => {
    expect(conditions(ours)).toEqual(conditions(DOCKERS));
  });

  test("gives calls back with their capabilities", () => {
    const names = allowedNames(defaultSeccomp(["CAP_SYS_ADMIN", "CAP_SYS_TIME"], "x86_64"));
    expect(names).toEqual(expect.arrayContaining(["mount", "clone", "unshare", "clock_settime"]));
    expect(names).not.toContain("chroot");
    expect(names).not.toContain("keyctl");
  });

  test("is of each processor", () => {
    expect(allowedNames(defaultSeccomp([], "aarch64"))).toContain("set_tls");
    expect(allowedNames(ours)).not.toContain("set_tls");
  });
});
