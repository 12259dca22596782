// The Debian packages that the lane needs on the host: QEMU, and what builds the guest's disks. They
// start no service. Installed with apt as root, named exactly otherwise.

import { runCommand } from "../processes.ts";
import { Refusal } from "./refusal.ts";

const PACKAGES = [
  { package: "qemu-system-x86", program: "qemu-system-x86_64" },
  { package: "mmdebstrap", program: "mmdebstrap" },
  { package: "e2fsprogs", program: "mke2fs" },
  { package: "lz4", program: "lz4" },
  { package: "busybox-static", program: "busybox" },
  { package: "util-linux", program: "setpriv" },
  { package: "gcc", program: "gcc" },
] as const;

/** mke2fs is outside an ordinary user's PATH. */
export const SEARCH_PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/** The packages whose program is missing. */
export function missingPackages(): string[] {
  return PACKAGES.filter((entry) => Bun.which(entry.program, { PATH: SEARCH_PATH }) === null).map(
    (entry) => entry.package,
  );
}

export async function installHostPackages(): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) {
    return;
  }
  const install = ["apt-get", "-q", "install", "-y", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0 || Bun.which("apt-get") === null) {
    throw new Refusal(
      `the virtual machines need packages. As root: apt-get install ${missing.join(" ")}`,
    );
  }
  process.env["DEBIAN_FRONTEND"] = "noninteractive";
  await runCommand(["apt-get", "-q", "update"]);
  await runCommand(install);
}
