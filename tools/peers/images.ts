// Test images, made without an image registry: Debian by mmdebstrap, busybox from Debian's package,
// packed as OCI image layouts by umoci. Each is made once and kept in the cache (cache.ts):
//
//   debian-HASH/     layout/   an OCI image layout with the tag "latest"
//                    rootfs/   the same unpacked, for runtime bundles
//   busybox-HASH/    the same
//
// Tests must not write into rootfs: they share it. They copy it, or mount an overlay or a read-only
// bundle on it.

import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { madeOnce } from "./cache.ts";
import { must } from "./command.ts";

/** The tag of the image in each layout. */
export const IMAGE_TAG = "latest";

const DEBIAN_OPTIONS = [
  "--variant=minbase",
  "--include=python3",
  '--aptopt=Acquire::Languages "none"',
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-exclude=/usr/share/info/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/man/*",
];
const DEBIAN_RELEASE = "bookworm";

const APPLETS = [
  "ash",
  "awk",
  "cat",
  "chmod",
  "chown",
  "cp",
  "cut",
  "date",
  "dd",
  "df",
  "echo",
  "env",
  "expr",
  "false",
  "find",
  "free",
  "grep",
  "head",
  "hostname",
  "id",
  "kill",
  "killall",
  "ln",
  "ls",
  "mkdir",
  "mknod",
  "mount",
  "mv",
  "nc",
  "nproc",
  "printenv",
  "printf",
  "ps",
  "pwd",
  "readlink",
  "rm",
  "rmdir",
  "sed",
  "seq",
  "sh",
  "sleep",
  "sort",
  "stat",
  "stty",
  "sync",
  "tail",
  "tee",
  "test",
  "top",
  "touch",
  "tr",
  "true",
  "tty",
  "ulimit",
  "umount",
  "uname",
  "uniq",
  "uptime",
  "wc",
  "which",
  "whoami",
  "yes",
];

const BUSYBOX_CONFIG = [
  "--config.cmd=sh",
  "--config.env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];
const DEBIAN_CONFIG = [
  "--config.cmd=bash",
  "--config.env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "--config.env=LANG=C.UTF-8",
];

/** Path of an OCI image layout: Debian 12 minbase with python3. */
export async function debianLayout(): Promise<string> {
  return join(await debian(), "layout");
}

/** Path of Debian's root file system, unpacked. Read-only by agreement. */
export async function debianRoot(): Promise<string> {
  return join(await debian(), "rootfs");
}

/** Path of an OCI image layout: a static busybox with /etc/passwd and /etc/group. */
export async function busyboxLayout(): Promise<string> {
  return join(await busybox(), "layout");
}

/** Path of busybox's root file system, unpacked. Read-only by agreement. */
export async function busyboxRoot(): Promise<string> {
  return join(await busybox(), "rootfs");
}

function debian(): Promise<string> {
  return madeOnce({
    name: "debian",
    ingredients: [...DEBIAN_OPTIONS, DEBIAN_RELEASE, ...DEBIAN_CONFIG],
    make: async (folder) => {
      const root = join(folder, "rootfs");
      await must(["mmdebstrap", ...DEBIAN_OPTIONS, DEBIAN_RELEASE, root], { seconds: 600 });
      await pack(folder, root, DEBIAN_CONFIG);
    },
  });
}

function busybox(): Promise<string> {
  return madeOnce({
    name: "busybox",
    ingredients: [...APPLETS, ...BUSYBOX_CONFIG, fillBusyboxRoot.toString()],
    make: async (folder) => {
      const root = join(folder, "rootfs");
      await fillBusyboxRoot(root);
      await pack(folder, root, BUSYBOX_CONFIG);
    },
  });
}

async function fillBusyboxRoot(root: string): Promise<void> {
  for (const name of [
    "bin",
    "dev",
    "etc",
    "home",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr",
    "var",
  ]) {
    await mkdir(join(root, name), { recursive: true });
  }
  await must(["chmod", "1777", join(root, "tmp")]);
  await copyFile("/bin/busybox", join(root, "bin/busybox"));
  for (const applet of APPLETS) {
    await symlink("busybox", join(root, "bin", applet));
  }
  const users = ["root:x:0:0:root:/root:/bin/sh", "user:x:1000:1000::/home:/bin/sh"];
  users.push("nobody:x:65534:65534::/:/bin/false");
  await writeFile(join(root, "etc/issue"), "busybox for tests\n");
  await writeFile(join(root, "etc/passwd"), `${users.join("\n")}\n`);
  await writeFile(
    join(root, "etc/group"),
    "root:x:0:\nextra:x:2000:user\nuser:x:1000:\nnogroup:x:65534:\n",
  );
}

/** Makes `layout` beside `root`: one gzip layer with all of it. */
async function pack(folder: string, root: string, config: readonly string[]): Promise<void> {
  const layout = join(folder, "layout");
  const image = `${layout}:${IMAGE_TAG}`;
  await must(["umoci", "init", "--layout", layout]);
  await must(["umoci", "new", "--image", image]);
  await must(["umoci", "insert", "--image", image, root, "/"], { seconds: 300 });
  await must(["umoci", "config", "--image", image, ...config]);
  await must(["umoci", "gc", "--layout", layout]);
}

/** What clients call the images in an archive of `writeImageArchive`. */
export const BUSYBOX_IMAGE = "ocicat.test/busybox:latest";
export const DEBIAN_IMAGE = "ocicat.test/debian:latest";

/**
 * Writes an image as `docker save` does, under its name: the one form that podman, docker and ctr all
 * load.
 */
export async function writeImageArchive(
  layout: string,
  image: string,
  file: string,
): Promise<void> {
  const source = `oci:${layout}:${IMAGE_TAG}`;
  await must([
    "skopeo",
    "--insecure-policy",
    "copy",
    "--quiet",
    source,
    `docker-archive:${file}:${image}`,
  ]);
}
