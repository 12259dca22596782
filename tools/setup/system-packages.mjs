// Installs the Debian packages that a build or the tests need and that are missing: with apt as
// root, by naming them otherwise.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { SetupError, say } from "./report.mjs";

/**
 * Each package with a look at what it brings. A build cannot do without the first group; tests whose
 * program is missing are skipped by name.
 */
const FOR_BUILDS = [
  { package: "gcc", isThere: () => hasProgram("gcc") },
  { package: "libc6-dev", isThere: () => hasHeader("stdio.h") },
  { package: "linux-libc-dev", isThere: () => hasHeader("linux/mount.h") },
];

const FOR_TESTS = [
  { package: "acl", isThere: () => hasProgram("setfacl") },
  { package: "attr", isThere: () => hasProgram("getfattr") },
  { package: "btrfs-progs", isThere: () => hasProgram("mkfs.btrfs") },
  { package: "busybox-static", isThere: () => hasProgram("busybox") },
  { package: "bzip2", isThere: () => hasProgram("bzip2") },
  { package: "e2fsprogs", isThere: () => hasProgram("mkfs.ext4") },
  { package: "uidmap", isThere: () => hasProgram("newuidmap") },
  { package: "mmdebstrap", isThere: () => hasProgram("mmdebstrap") },
  { package: "runc", isThere: () => hasProgram("runc") },
  { package: "umoci", isThere: () => hasProgram("umoci") },
  { package: "zsh", isThere: () => hasProgram("zsh") },
  { package: "fish", isThere: () => hasProgram("fish") },
  { package: "iproute2", isThere: () => hasProgram("ip") },
  { package: "openssl", isThere: () => hasProgram("openssl") },
  { package: "isal", isThere: () => hasProgram("igzip") },
  { package: "libarchive-tools", isThere: () => hasProgram("bsdtar") },
  { package: "libseccomp2", isThere: () => hasLibrary("libseccomp.so.2") },
  { package: "xz-utils", isThere: () => hasProgram("xz") },
  ...(process.arch === "x64"
    ? [
        { package: "gcc-aarch64-linux-gnu", isThere: () => hasProgram("aarch64-linux-gnu-gcc") },
        {
          package: "libc6-dev-arm64-cross",
          isThere: () => existsSync("/usr/aarch64-linux-gnu/include/linux/mount.h"),
        },
        { package: "qemu-user", isThere: () => hasProgram("qemu-aarch64") },
      ]
    : []),
];

/** @param {boolean} forTests */
export function installSystemPackages(forTests) {
  const neededForBuilds = missing(FOR_BUILDS);
  const neededForTests = forTests ? missing(FOR_TESTS) : [];
  const needed = [...neededForBuilds, ...neededForTests];
  if (needed.length === 0) {
    return;
  }
  if (process.getuid?.() === 0 && hasProgram("apt-get")) {
    installWithApt(needed);
    return;
  }
  const command = `apt-get install ${needed.join(" ")}`;
  if (neededForBuilds.length > 0) {
    throw new SetupError(`missing packages: ${needed.join(", ")}. As root: ${command}`);
  }
  say(`tests will be skipped for want of: ${needed.join(", ")}. As root: ${command}`);
}

/** @param {readonly { package: string, isThere: () => boolean }[]} table */
function missing(table) {
  return table.filter((entry) => !entry.isThere()).map((entry) => entry.package);
}

/** @param {readonly string[]} packages */
function installWithApt(packages) {
  say(`installing ${packages.join(", ")}`);
  runApt(["update"]);
  runApt(["install", "-y", "--no-install-recommends", ...packages]);
}

/** @param {readonly string[]} aptArguments */
function runApt(aptArguments) {
  const result = spawnSync("apt-get", ["-q", ...aptArguments], {
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (result.status !== 0) {
    throw new SetupError(`run "apt-get ${aptArguments.join(" ")}": exit status ${result.status}`);
  }
}

/** @param {string} name */
function hasProgram(name) {
  const path = process.env["PATH"] ?? "";
  const folders = [...path.split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(`${folder}/${name}`));
}

/** @param {string} name */
function hasHeader(name) {
  return existsSync(`/usr/include/${name}`);
}

/** @param {string} name */
function hasLibrary(name) {
  const folders = ["/usr/lib", "/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
  return folders.some((folder) => existsSync(`${folder}/${name}`));
}
