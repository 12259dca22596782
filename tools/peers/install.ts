// Installs the programs that the peers' lane compares with and drives: Debian's packages by apt, and
// what Debian does not have by the Go client (tools/peers/go-programs.ts).
//
// No package may start its daemon: it would take sockets, bridges and firewall rules of the machine.
// Debian's way to forbid that is /usr/sbin/policy-rc.d with exit status 101; the one that was there
// is put back afterwards, and also by the next run when this one is killed.

import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { must, run } from "./command.ts";
import { buildCriO, currentRunc, validationPrograms } from "./go-programs.ts";

const PACKAGES = [
  "buildah",
  "busybox-static",
  "containerd",
  "containernetworking-plugins",
  "crun",
  "docker-registry",
  "docker.io",
  "fuse-overlayfs",
  "hyperfine",
  "libseccomp-dev",
  "mmdebstrap",
  "pkg-config",
  "podman",
  "runc",
  "skopeo",
  "time",
  "uidmap",
  "umoci",
];

const POLICY = "/usr/sbin/policy-rc.d";
const SAVED_POLICY = "/usr/sbin/policy-rc.d.before-ocicat";
const NO_POLICY = "/usr/sbin/policy-rc.d.none-before-ocicat";

/** Installs what is missing. Throws, with the packages' names, when that needs root. */
export async function installPeers(): Promise<void> {
  restorePolicy();
  await installPackages(await missingPackages());
  await validationPrograms();
  await currentRunc();
  await buildCriO().catch((error: unknown) => {
    // A thousand packages of others: the rest of the lane does without them, and names what it skips.
    console.error(`peers: CRI-O is not there: ${error instanceof Error ? error.message : error}`);
  });
}

async function missingPackages(): Promise<string[]> {
  // "ii  NAME ...", in columns; unknown packages are named on stderr.
  const list = await run(["dpkg-query", "--list", ...PACKAGES]);
  const names = list.stdout
    .split("\n")
    .filter((line) => line.startsWith("ii "))
    .map((line) => line.split(/\s+/)[1]?.split(":")[0]);
  return PACKAGES.filter((name) => !names.includes(name));
}

async function installPackages(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) {
    return;
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      `install ${packages.join(", ")}: only root can. Run: apt-get install ${packages.join(" ")}`,
    );
  }
  console.error(`peers: installing ${packages.join(", ")}`);
  const apt = ["apt-get", "-q", "-y"];
  const options = { environment: { DEBIAN_FRONTEND: "noninteractive" }, seconds: 900 };
  await must([...apt, "update"], options);
  forbidDaemons();
  try {
    await must([...apt, "install", "--no-install-recommends", ...packages], options);
  } finally {
    restorePolicy();
  }
}

function forbidDaemons(): void {
  if (existsSync(POLICY)) {
    renameSync(POLICY, SAVED_POLICY);
  } else {
    writeFileSync(NO_POLICY, "");
  }
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n");
  chmodSync(POLICY, 0o755);
}

function restorePolicy(): void {
  if (existsSync(SAVED_POLICY)) {
    renameSync(SAVED_POLICY, POLICY);
  }
  if (existsSync(NO_POLICY)) {
    rmSync(POLICY, { force: true });
    rmSync(NO_POLICY);
  }
}
