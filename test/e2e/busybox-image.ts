// A small image for tests: a static busybox with a few users, as a folder and as an OCI image layout.

import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageConfig } from "../../src/oci/image-spec.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";

const APPLETS = [
  ...["cat", "chown", "chmod", "dd", "echo", "env", "grep", "head", "hostname", "id", "kill", "ls"],
  ...[
    "mkdir",
    "mount",
    "nproc",
    "ps",
    "pwd",
    "readlink",
    "rm",
    "sed",
    "seq",
    "sh",
    "sleep",
    "stat",
  ],
  ...["stty", "tail", "test", "touch", "tr", "true", "tty", "wc", "yes"],
];

const FOLDERS = ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp"];

const PASSWD = `root:x:0:0:root:/root:/bin/sh
user:x:1000:1000::/home:/bin/sh
`;
const GROUP = "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n";

export const IMAGE_CONFIG: ImageConfig = {
  Env: ["PATH=/bin", "FROM_IMAGE=yes"],
  Entrypoint: [],
  Cmd: ["echo", "the image's command"],
  WorkingDir: "/home",
};

/** Fills a new folder with a root file system; returns its path. */
export function makeBusyboxRoot(root: string): string {
  for (const name of FOLDERS) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const applet of APPLETS) {
    symlinkSync("busybox", join(root, "bin", applet));
  }
  writeFileSync(join(root, "etc/passwd"), PASSWD);
  writeFileSync(join(root, "etc/group"), GROUP);
  writeFileSync(join(root, "etc/issue"), "an image for tests\n");
  return root;
}

/** Makes the image `oci:FOLDER/layout:latest` from a root file system; returns its name. */
export function makeLayout(folder: string, root: string): string {
  const layer = Bun.spawnSync(["tar", "-C", root, "--numeric-owner", "-c", "."]).stdout;
  const layout = new TestLayout(join(folder, "layout"));
  const image = layout.addImage({ layers: [layer], config: IMAGE_CONFIG });
  layout.setIndex([named(image, "latest")]);
  return `oci:${join(folder, "layout")}:latest`;
}
