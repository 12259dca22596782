// What the specification says of the root file system: its propagation, and what is hidden or protected
// in it; and that bind mounts propagate as they are told to.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Mount } from "../../src/oci/mount.ts";
import { NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";
import { mountAt } from "./spec-mount-table.ts";

const scratch = new Scratch();
chmodSync(scratch.folder, 0o711);

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

const TABLE = "cat /proc/self/mountinfo";

/** A shared tmpfs of the host's, until it is disposed. */
class SharedMount implements Disposable {
  readonly path: string;

  constructor(name: string) {
    this.path = join(scratch.folder, name);
    mkdirSync(this.path);
    command("mount", "-t", "tmpfs", "tmpfs", this.path);
    command("mount", "--make-shared", this.path);
    mkdirSync(join(this.path, "by-host"));
    mkdirSync(join(this.path, "by-container"));
  }

  mountBelow(): void {
    command("mount", "-t", "tmpfs", "of-the-host", join(this.path, "by-host"));
  }

  get table(): string {
    return readFileSync("/proc/self/mountinfo", "utf8");
  }

  [Symbol.dispose](): void {
    command("umount", "--recursive", this.path);
  }
}

function command(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(words);
  if (exitCode !== 0) {
    throw new Error(`${words.join(" ")}: ${stderr}`);
  }
}

describe.skipIf(NEEDS_ROOT)("rootfsPropagation (as root)", () => {
  test.each([
    ["shared", /^shared:/],
    ["rshared", /^shared:/],
    ["unbindable", /^unbindable$/],
    ["runbindable", /^unbindable$/],
  ] as const)("%s", async (rootfsPropagation, wanted) => {
    const bundle = scratch.bundle({ script: TABLE, linux: { rootfsPropagation } });
    const { propagation } = mountAt(await scratch.outputOf(bundle), "/");
    expect(propagation).toContainEqual(expect.stringMatching(wanted));
  });

  test.each(["private", "rprivate", "slave", "rslave", undefined] as const)(
    "%s shares nothing",
    async (rootfsPropagation) => {
      const linux = rootfsPropagation === undefined ? {} : { rootfsPropagation };
      const bundle = scratch.bundle({ script: TABLE, linux });
      const { propagation } = mountAt(await scratch.outputOf(bundle), "/");
      expect(propagation.filter((field) => !field.startsWith("master:"))).toEqual([]);
    },
  );

  test.each([
    ["slave", true],
    ["shared", true],
    ["private", false],
  ] as const)("%s: a root on a shared mount of the host follows it: %p", async (name, follows) => {
    using host = new SharedMount(`root-${name}`);
    const bundle = scratch.bundle({
      script: TABLE,
      linux: { rootfsPropagation: name },
    });
    const root = join(host.path, "rootfs");
    command("cp", "-a", bundle.root, root);
    const spec = { ...bundle.spec, root: { path: root } };
    expect(await scratch.run({ ...bundle, spec })).toEqual({ code: 0 });
    const { propagation } = mountAt(readFileSync(join(root, "out"), "utf8"), "/");
    const isSlave = propagation.some((field) => field.startsWith("master:"));
    expect(isSlave).toBe(follows);
  });

  test("no mount of the container reaches the host, whatever it is", async () => {
    using host = new SharedMount("no-leak");
    const bundle = scratch.bundle({
      mounts: [{ type: "tmpfs", source: "leak", destination: "/by-container" }],
      linux: { rootfsPropagation: "rshared" },
    });
    command("cp", "-a", `${bundle.root}/.`, host.path);
    const spec = { ...bundle.spec, root: { path: host.path } };
    expect(await scratch.run({ ...bundle, spec })).toEqual({ code: 0 });
    expect(host.table).not.toContain(" leak ");
  });
});

describe.skipIf(NEEDS_ROOT)("propagation of a bind mount (as root)", () => {
  function bindOf(host: SharedMount, ...options: string[]): Mount {
    return { type: "none", source: host.path, destination: "/mnt", options: ["rbind", ...options] };
  }

  const MOUNTS = ["CAP_SYS_ADMIN"];
  const MOUNT_INSIDE = "mount -t tmpfs of-the-container /mnt/by-container";

  test("rshared goes both ways", async () => {
    using host = new SharedMount("both-ways");
    const bundle = scratch.bundle({
      mounts: [bindOf(host, "rshared")],
      args: ["/bin/sleep", "1000"],
      capabilities: MOUNTS,
    });
    using container = await scratch.started(bundle);
    host.mountBelow();
    const words = ["/bin/sh", "-c", MOUNT_INSIDE];
    expect(await container.exec({ args: words })).toEqual({ code: 0 });
    const inside = readFileSync(`/proc/${container.pid}/mountinfo`, "utf8");
    expect(mountAt(inside, "/mnt/by-host").source).toBe("of-the-host");
    expect(mountAt(host.table, join(host.path, "by-container")).source).toBe("of-the-container");
  });

  test("rslave goes into the container alone", async () => {
    using host = new SharedMount("one-way");
    const bundle = scratch.bundle({
      mounts: [bindOf(host, "rslave")],
      args: ["/bin/sleep", "1000"],
      capabilities: MOUNTS,
    });
    using container = await scratch.started(bundle);
    host.mountBelow();
    expect(await container.exec({ args: ["/bin/sh", "-c", MOUNT_INSIDE] })).toEqual({ code: 0 });
    const inside = readFileSync(`/proc/${container.pid}/mountinfo`, "utf8");
    expect(mountAt(inside, "/mnt/by-host").source).toBe("of-the-host");
    expect(host.table).not.toContain("of-the-container");
  });

  test("rprivate goes neither way", async () => {
    using host = new SharedMount("no-way");
    const bundle = scratch.bundle({
      mounts: [bindOf(host, "rprivate")],
      args: ["/bin/sleep", "1000"],
      capabilities: MOUNTS,
    });
    using container = await scratch.started(bundle);
    host.mountBelow();
    expect(await container.exec({ args: ["/bin/sh", "-c", MOUNT_INSIDE] })).toEqual({ code: 0 });
    expect(readFileSync(`/proc/${container.pid}/mountinfo`, "utf8")).not.toContain("of-the-host");
    expect(host.table).not.toContain("of-the-container");
  });

  test("unbindable cannot be bound", async () => {
    using host = new SharedMount("unbindable");
    const bundle = scratch.bundle({
      mounts: [bindOf(host, "unbindable")],
      capabilities: MOUNTS,
      script: `${TABLE}; mount -o bind /mnt /tmp`,
    });
    await expect(scratch.outputOf(bundle)).rejects.toThrow("Invalid argument");
    const output = readFileSync(join(bundle.root, "out"), "utf8");
    expect(mountAt(output, "/mnt").propagation).toEqual(["unbindable"]);
  });
});

describe.skipIf(NEEDS_ROOT)("masked and read-only paths (as root)", () => {
  const image = (root: string): void => {
    mkdirSync(join(root, "secret/below"), { recursive: true });
    writeFileSync(join(root, "secret/file"), "secret\n");
    mkdirSync(join(root, "fixed"));
    chmodSync(join(root, "fixed"), 0o777);
    writeFileSync(join(root, "fixed/file"), "fixed\n");
    writeFileSync(join(root, "alone"), "secret\n");
    symlinkSync("secret", join(root, "link"));
    symlinkSync("/nowhere", join(root, "dangling"));
  };

  test("hide files and folders of the image, through links too", async () => {
    const bundle = scratch.bundle({
      image,
      linux: { maskedPaths: ["/alone", "/link", "/dangling", "/missing", "/alone/below"] },
      script: "cat /alone; ls -A /secret; echo > /secret/new || echo refused",
    });
    const output = await scratch.outputOf(bundle);
    expect(output).toContain("Read-only file system");
    expect(output).not.toContain("secret\n");
    expect(output).toEndWith("refused\n");
    expect(existsSync(join(bundle.root, "missing"))).toBe(false);
  });

  test("keep files and folders as they are", async () => {
    const bundle = scratch.bundle({
      image,
      linux: { readonlyPaths: ["/fixed", "/alone", "/missing", "/dangling"] },
      script: "echo > /fixed/file; echo > /alone; cat /fixed/file /alone; echo > /secret/file",
    });
    const output = await scratch.outputOf(bundle);
    expect(output.match(/Read-only file system/g)).toHaveLength(2);
    expect(output).toContain("fixed\nsecret\n");
  });

  test("of the kernel's own file systems", async () => {
    const bundle = scratch.bundle({
      linux: { maskedPaths: ["/proc/version", "/proc/irq"], readonlyPaths: ["/proc/sys"] },
      script: "cat /proc/version; ls /proc/irq; echo 1 > /proc/sys/kernel/panic || echo refused",
    });
    expect(await scratch.outputOf(bundle)).toMatch(/^[^\n]*Read-only file system\nrefused\n$/);
  });
});
