// Makes what a guest boots from, once a recipe, and keeps it under the user's cache folder:
//
//   ~/.cache/ocicat/vm/HASH/vmlinux     Debian's cloud kernel, uncompressed: QEMU starts it directly
//                           initrd.gz   busybox and the drivers of the root disk
//                           root.img    Debian with systemd, runc and crun; ext4, never written to
//
// HASH covers this file, the guest's files and the lists below, so a change of any makes a new one.

import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { hashInputs } from "../input-hash.ts";
import { captureCommand, runCommand } from "../processes.ts";
import { REPOSITORY } from "../repository.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { makeExt4Disk } from "./disk.ts";
import { Refusal } from "./refusal.ts";

export interface Machine {
  readonly kernel: string;
  readonly initrd: string;
  readonly rootDisk: string;
}

const SUITE = "bookworm";
const ROOT_DISK_SIZE = 2048 * 1024 * 1024;
const KERNEL_PACKAGE = "linux-image-cloud-amd64";

const GUEST_PACKAGES = [
  "systemd",
  "systemd-sysv",
  "libpam-systemd",
  "dbus",
  "dbus-user-session",
  "iproute2",
  "nftables",
  "procps",
  "kmod",
  "busybox-static",
  "uidmap",
  "apparmor",
  "crun",
  "runc",
  "podman",
  "docker.io",
];

/** What Debian enables and no test needs; each costs seconds under emulation. */
const MASKED_UNITS = [
  // Debian's own profiles; tests load theirs.
  "apparmor.service",
  "apt-daily.timer",
  "containerd.service",
  "docker.service",
  "docker.socket",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty@tty1.service",
  "getty.target",
  "serial-getty@ttyS0.service",
  "systemd-udevd.service",
  "systemd-udevd-control.socket",
  "systemd-udevd-kernel.socket",
  "systemd-udev-trigger.service",
  "systemd-timesyncd.service",
  "systemd-update-utmp.service",
  "systemd-update-utmp-runlevel.service",
  "systemd-journal-flush.service",
  "systemd-random-seed.service",
  "systemd-pstore.service",
  "networking.service",
];

/** An ordinary user with subordinate ids, for rootless tests. */
export const GUEST_USER = { name: "sam", id: 1000, subordinateIds: 100000 } as const;

const DRIVERS = [
  "drivers/virtio/virtio_ring.ko",
  "drivers/virtio/virtio.ko",
  "drivers/virtio/virtio_mmio.ko",
  "drivers/block/virtio_blk.ko",
];

const GUEST_FILES = join(REPOSITORY, "tools/vm/guest");

/** Returns the machine of the current recipe; makes it when it is not in the cache. */
export async function prepareMachine(): Promise<Machine> {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ocicat/vm");
  const folder = join(cache, await recipeHash());
  if (!(await Bun.file(join(folder, "root.img")).exists())) {
    await buildInto(cache, folder);
  }
  await noteUse(folder);
  return {
    kernel: join(folder, "vmlinux"),
    initrd: join(folder, "initrd.gz"),
    rootDisk: join(folder, "root.img"),
  };
}

async function recipeHash(): Promise<string> {
  const hash = await hashInputs({
    globs: ["tools/vm/machine.ts", "tools/vm/cpio.ts", "tools/vm/guest/*"],
    isExcluded: (path) => path.endsWith(".ts") && path.startsWith("tools/vm/guest/"),
    facts: [],
  });
  return hash.slice(0, 16);
}

/** Whoever cleans up (listOutdated) sees it; a machine that another user has made stays as it is. */
async function noteUse(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => undefined);
}

/** Builds beside `folder` and renames at the end: what is in the cache is whole. */
async function buildInto(cache: string, folder: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Refusal("making the virtual machine's root disk needs root; running it does not");
  }
  console.log("vm: making the guest's kernel and root disk (once; about a minute)");
  await mkdir(cache, { recursive: true });
  const outdated = await listOutdated(cache);
  const work = await mkdtemp(join(cache, BUILDING));
  try {
    const result = join(work, "result");
    await mkdir(result);
    await makeImages(work, result);
    await rename(result, folder);
    await Promise.all(outdated.map((path) => rm(path, { recursive: true, force: true })));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const BUILDING = "building-";
const LONGEST_BUILD_MS = 3_600_000;
const UNUSED_MS = 24 * 3_600_000;

/** Machines that no checkout has used for a day, and what a build that was killed has left. */
export async function listOutdated(cache: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await readdir(cache)) {
    const { mtimeMs } = await stat(join(cache, name));
    const limitMs = name.startsWith(BUILDING) ? LONGEST_BUILD_MS : UNUSED_MS;
    if (Date.now() - mtimeMs > limitMs) {
      paths.push(join(cache, name));
    }
  }
  return paths;
}

async function makeImages(work: string, result: string): Promise<void> {
  const root = join(work, "root");
  await bootstrapRoot(root);
  const kernelTree = await unpackKernel(root, work);
  const release = await onlyEntry(join(kernelTree, "lib/modules"));
  await extractKernel(join(kernelTree, `boot/vmlinuz-${release}`), join(result, "vmlinux"));
  await makeInitrd(join(kernelTree, "lib/modules", release), join(result, "initrd.gz"));
  await rename(join(kernelTree, "lib/modules"), join(root, "lib/modules"));
  await runCommand(["chroot", root, "depmod", release]);
  await configureRoot(root);
  await makeExt4Disk(join(result, "root.img"), ROOT_DISK_SIZE, root);
}

/** The kernel's package is downloaded by the same apt, but not installed: that would make an initrd. */
async function bootstrapRoot(root: string): Promise<void> {
  const download = [
    'cd "$1/boot"',
    'export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"',
    `apt-get -q download "$(apt-cache depends ${KERNEL_PACKAGE} | sed -n 's/.*Depends: \\(linux-image-.*\\)/\\1/p')"`,
  ];
  await runCommand([
    "mmdebstrap",
    "--quiet",
    "--mode=root",
    "--variant=minbase",
    `--include=${GUEST_PACKAGES.join(",")}`,
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    `--customize-hook=${download.join(" && ")}`,
    SUITE,
    root,
  ]);
}

async function unpackKernel(root: string, work: string): Promise<string> {
  const boot = join(root, "boot");
  const archive = await onlyEntry(boot);
  const tree = join(work, "kernel");
  await runCommand(["dpkg-deb", "-x", join(boot, archive), tree]);
  await rm(join(boot, archive));
  return tree;
}

async function onlyEntry(folder: string): Promise<string> {
  const names = await readdir(folder);
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw new Error(`expected one entry in "${folder}", found ${names.length}`);
  }
  return name;
}

/**
 * Debian's vmlinuz is a loader around an LZ4 frame in the kernel's legacy format. QEMU's microvm
 * starts the ELF inside it, without decompressing under emulation.
 */
async function extractKernel(vmlinuz: string, vmlinux: string): Promise<void> {
  const image = Buffer.from(await Bun.file(vmlinuz).arrayBuffer());
  const start = image.indexOf(Buffer.from([0x02, 0x21, 0x4c, 0x18]));
  if (start < 0) {
    throw new Error(`"${basename(vmlinuz)}" holds no LZ4 frame`);
  }
  const frame = `${vmlinux}.lz4`;
  await Bun.write(frame, image.subarray(start));
  // lz4 complains about what follows the frame, with a status that says so; the ELF must be whole.
  const child = Bun.spawn(["lz4", "-q", "-d", "-f", frame, vmlinux], { stderr: "ignore" });
  await child.exited;
  await rm(frame);
  const magic = await Bun.file(vmlinux).slice(1, 4).text();
  if (magic !== "ELF") {
    throw new Error(`"${basename(vmlinuz)}" did not decompress to an ELF file`);
  }
}

async function makeInitrd(modules: string, initrd: string): Promise<void> {
  const busybox = Bun.which("busybox");
  if (busybox === null) {
    throw new Refusal("the initrd needs busybox-static");
  }
  const folders = ["bin", "dev", "proc", "sys", "new", "modules"];
  const entries: CpioEntry[] = folders.map((path) => ({ kind: "folder", path }));
  entries.push(await fileEntry("init", join(GUEST_FILES, "initrd-init"), 0o755));
  entries.push(await fileEntry("bin/busybox", busybox, 0o755));
  for (const driver of DRIVERS) {
    entries.push(
      await fileEntry(`modules/${basename(driver)}`, join(modules, "kernel", driver), 0o644),
    );
  }
  await Bun.write(initrd, Bun.gzipSync(writeCpio(entries), { level: 1 }));
}

async function fileEntry(path: string, source: string, mode: number): Promise<CpioEntry> {
  return { kind: "file", path, content: await Bun.file(source).bytes(), mode };
}

async function configureRoot(root: string): Promise<void> {
  const programs = join(root, "usr/lib/ocicat-vm");
  await mkdir(programs, { recursive: true });
  for (const name of ["plain-init", "run-payload"]) {
    await Bun.write(join(programs, name), Bun.file(join(GUEST_FILES, name)));
    await chmod(join(programs, name), 0o755);
  }
  const unit = "ocicat-vm.service";
  await Bun.write(join(root, "etc/systemd/system", unit), Bun.file(join(GUEST_FILES, unit)));
  await Bun.write(join(root, "etc/hostname"), "ocicat-vm\n");
  await Bun.write(join(root, "etc/hosts"), "127.0.0.1\tlocalhost\n127.0.1.1\tocicat-vm\n");
  // An empty file makes systemd invent an id at every boot; a fixed one saves that.
  await Bun.write(join(root, "etc/machine-id"), "0c1ca7000000400080000000000000aa\n");
  await captureCommand(["chroot", root, "systemctl", "--quiet", "enable", unit]);
  await captureCommand(["chroot", root, "systemctl", "--quiet", "mask", ...MASKED_UNITS]);
  await captureCommand([
    "chroot",
    root,
    "systemctl",
    "--quiet",
    "set-default",
    "multi-user.target",
  ]);
  await addUser(root);
}

async function addUser(root: string): Promise<void> {
  const { name, id, subordinateIds } = GUEST_USER;
  await runCommand(["chroot", root, "useradd", "-m", "-u", `${id}`, "-s", "/bin/bash", name]);
  for (const file of ["etc/subuid", "etc/subgid"]) {
    await Bun.write(join(root, file), `${name}:${subordinateIds}:65536\n`);
  }
}
