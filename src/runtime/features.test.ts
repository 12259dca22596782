// What `features` claims, held against the tables that do it.

import { expect, test } from "bun:test";
import { MOUNT_OPTIONS } from "../oci/mount-options.ts";
import { SECCOMP_ARCHITECTURES, SECCOMP_FLAGS } from "../oci/seccomp.ts";
import { sortMountOptions } from "../plan/mount-options.ts";
import { filterFlags } from "../plan/seccomp/flags.ts";
import { coveredInterfaces } from "../plan/seccomp/interfaces.ts";
import { features } from "./features.ts";

const { linux, mountOptions, hooks } = features();

test("the processor interfaces of seccomp are those that a filter tells apart on some machine", () => {
  const isCovered = (name: (typeof SECCOMP_ARCHITECTURES)[number]) =>
    (["x86_64", "aarch64"] as const).some((machine) => {
      const profile = { defaultAction: "SCMP_ACT_ALLOW", architectures: [name] } as const;
      return coveredInterfaces(profile, machine).foreign.length === 0;
    });
  const covered = SECCOMP_ARCHITECTURES.filter(isCovered);
  expect([...(linux?.seccomp?.archs ?? [])].sort()).toEqual([...covered].sort());
});

test("the flags of seccomp are accepted", () => {
  for (const flag of linux?.seccomp?.supportedFlags ?? []) {
    const known = SECCOMP_FLAGS.filter((each) => each === flag);
    expect(known).toHaveLength(1);
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      flags: known,
      syscalls: [{ names: ["read"], action: "SCMP_ACT_NOTIFY" }],
    } as const;
    expect(filterFlags(profile, undefined).warnings).toEqual([]);
  }
});

test("no mount option is left to a file system that does not know it", () => {
  const superblock = ["async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "ro", "sync"];
  const passedOn = (mountOptions ?? []).flatMap(
    (option) => sortMountOptions({ destination: "/x", type: "tmpfs", options: [option] }).data,
  );
  expect(mountOptions).toEqual([...MOUNT_OPTIONS]);
  expect(passedOn.filter((option) => !superblock.includes(option))).toEqual([]);
});

test("every hook has its place", () => {
  expect(hooks).toEqual([
    "prestart",
    "createRuntime",
    "createContainer",
    "startContainer",
    "poststart",
    "poststop",
  ]);
});
