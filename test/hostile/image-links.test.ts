// Images whose links lead to the host: what a runtime makes on the way to a mount, a device or a console
// must never be made there.
//
// CVE-2024-45310    a naive runtime makes a missing mount target by its path (mkdir -p ROOT/link/new,
//                   open with O_CREAT): the image's link takes the new directory or file to the host
// CVE-2026-47766    (crun; runc's is CVE-2026-41579) /dev of the image is a link: devices, the links of
//                   /dev are made and ptmx is removed behind it, on the host
// CVE-2025-31133    /dev/null of the image is a link to a file of procfs: bound over the masked paths, it
//                   shows that file, writable, in their place
// CVE-2025-52565    /dev/console or /dev/pts of the image is a link: the terminal is bound on its target,
//                   which then is writable too, or belongs to the container's user
// CVE-2026-88264    (crun) the same without a mount on /dev
// CVE-2026-88265    (crun) /dev/null is opened again for standard input after the root was entered

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { SOCK_STREAM } from "../../src/abi/process.ts";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { Mount } from "../../src/oci/mount.ts";
import { create } from "../../src/runtime/create.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { OwnedFd, open } from "../../src/sys/file.ts";
import { listenUnixAt } from "../../src/sys/socket.ts";
import { snapshotOf } from "./host-snapshot.ts";
import { type BundleOptions, NEEDS_ROOT, Scratch } from "./scratch.ts";

const scratch = new Scratch();
const { host } = scratch;
const volume = join(scratch.folder, "volume");
const file = join(scratch.folder, "file");
let before: string[] = [];

mkdirSync(volume);
writeFileSync(join(volume, "content"), "of the volume\n");
writeFileSync(file, "of the file\n");

beforeEach(() => {
  rmSync(host, { recursive: true });
  mkdirSync(join(host, "directory"), { recursive: true });
  writeFileSync(join(host, "secret"), "of the host\n", { mode: 0o600 });
  before = snapshotOf(host);
});

afterEach(() => {
  expect(snapshotOf(host)).toEqual(before);
  expect(scratch.takeLeftovers()).toEqual([]);
});

afterAll(() => scratch.remove());

const USUAL = defaultSpec().mounts ?? [];
/** /proc alone: the image's own /dev stays visible. */
const PROC_ONLY = USUAL.slice(0, 1);

/** Puts a link to `target` in the place of what the image has at `path`. */
function link(path: string, target: string): (root: string) => void {
  return (root) => {
    const place = join(root, path);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(target, place);
  };
}

/** From the root of any bundle to the host's folder, by more dots than there are directories. */
const CLIMBING = join("../".repeat(40), relative("/", host));

/** The container is refused, or runs, and in neither case touches the host. */
async function attempt(options: BundleOptions): Promise<string> {
  const bundle = scratch.bundle({ script: "echo ran", ...options });
  try {
    return await scratch.outputOf(bundle);
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    return error instanceof OcicatError ? error.message : "";
  }
}

describe("what a naive runtime does", () => {
  const DOINGS: readonly (readonly [string, string, (root: string) => void, string[]])[] = [
    [
      "a missing mount target is made on the host (CVE-2024-45310)",
      "link",
      (root) => {
        mkdirSync(join(root, "link/new"), { recursive: true });
        writeFileSync(join(root, "link/file"), "", { flag: "a" });
      },
      ["file", "new"],
    ],
    [
      "the links of /dev are made on the host (CVE-2026-47766)",
      "dev",
      (root) => symlinkSync("/proc/self/fd", join(root, "dev/fd")),
      ["fd"],
    ],
    [
      "the place of the console is made on the host (CVE-2025-52565, CVE-2026-88264)",
      "dev",
      (root) => closeSync(openSync(join(root, "dev/console"), "w")),
      ["console"],
    ],
  ];

  test.each(DOINGS)("%s", (_what, name, act, expected) => {
    const root = join(scratch.folder, "naive");
    mkdirSync(root);
    link(name, host)(root);
    act(root);
    const made = readdirSync(host).filter((each) => each !== "directory" && each !== "secret");
    for (const each of made) {
      rmSync(join(host, each), { recursive: true });
    }
    rmSync(root, { recursive: true });
    expect(made.sort()).toEqual(expected);
  });

  test.skipIf(NEEDS_ROOT)(
    "what masks a path shows a file of the host (CVE-2025-31133)",
    async () => {
      const naiveMask = {
        source: "rootfs/dev/null",
        destination: "/etc/masked",
        options: ["bind"],
      };
      const bundle = scratch.bundle({
        image: link("dev/null", join(host, "secret")),
        allMounts: [...PROC_ONLY, naiveMask],
        script: "cat /etc/masked",
      });
      expect(await scratch.outputOf(bundle)).toBe("of the host\n");
    },
  );
});

describe.skipIf(NEEDS_ROOT)("as root: missing mount targets behind links (CVE-2024-45310)", () => {
  const KINDS: readonly (readonly [string, Omit<Mount, "destination">, string])[] = [
    ["a volume", { type: "bind", source: volume, options: ["bind"] }, "/content"],
    ["a file", { type: "bind", source: file, options: ["bind"] }, ""],
    ["a tmpfs", { type: "tmpfs", source: "tmpfs" }, "/."],
  ];
  const LINKS: readonly (readonly [string, string, string])[] = [
    ["below an absolute link", host, "/link/new"],
    ["two levels below an absolute link", host, "/link/new/er"],
    ["below a link that climbs", CLIMBING, "/link/new"],
    ["on a dangling link", join(host, "missing"), "/link"],
    ["on a dangling link that climbs", `${CLIMBING}/missing`, "/link"],
    ["below a link to a directory that is there", join(host, "directory"), "/link/new"],
    ["on a link to a file", join(host, "secret"), "/link"],
  ];
  for (const [what, mount, content] of KINDS) {
    test.each(LINKS)(`${what} %s (%s)`, async (_where, target, destination) => {
      const output = await attempt({
        image: link("link", target),
        mounts: [{ ...mount, destination }],
        script: `ls -d ${destination}${content}`,
      });
      expect(output).toBe(`${destination}${content}\n`);
    });
  }

  test("through links to links", async () => {
    const output = await attempt({
      image: (root) => {
        link("a", "b/c")(root);
        link("b", host)(root);
      },
      mounts: [{ type: "bind", source: volume, destination: "/a/new", options: ["bind"] }],
      script: "cat /a/new/content",
    });
    expect(output).toBe("of the volume\n");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: /dev of the image (CVE-2026-47766)", () => {
  test.each([
    ["absolute", host],
    ["climbing", CLIMBING],
    ["dangling", join(host, "missing")],
  ])("as a link, %s, without a mount on it, is refused", async (_what, target) => {
    const message = await attempt({ image: link("dev", target), allMounts: PROC_ONLY });
    expect(message).toStartWith('default devices: open "/dev" in the container\'s root');
  });

  test("as a link to the root makes devices there", async () => {
    const output = await attempt({
      image: link("dev", "/"),
      allMounts: PROC_ONLY,
      script: "stat -c '%t:%T' /null",
    });
    expect(output).toBe("1:3\n");
  });

  test.each([
    ["absolute", host],
    ["climbing", CLIMBING],
  ])("as a link, %s, with the usual mounts on it", async (_what, target) => {
    expect(await attempt({ image: link("dev", target) })).toBe("ran\n");
  });

  test("with links where devices go: none is followed", async () => {
    const output = await attempt({
      allMounts: PROC_ONLY,
      image: (root) => {
        for (const name of ["null", "zero", "tty", "fd", "ptmx", "shm"]) {
          link(`dev/${name}`, join(host, "secret"))(root);
        }
      },
    });
    expect(output).toBe("ran\n");
  });

  test.each([
    ["/link/node", "/link"],
    ["/link/deep/node", "/link"],
  ])("a device at %s behind a link to the host is refused", async (path, refused) => {
    const message = await attempt({
      image: link("link", host),
      linux: { devices: [{ path, type: "c", major: 1, minor: 3, uid: 5, gid: 5 }] },
    });
    expect(message).toStartWith(`linux.devices[0]: open "${refused}" in the container's root`);
  });

  test("a device behind a link to a directory of the image is made there", async () => {
    const output = await attempt({
      image: link("link", "/etc"),
      linux: { devices: [{ path: "/link/node", type: "c", major: 1, minor: 3, uid: 5, gid: 6 }] },
      script: "stat -c '%t:%T %u:%g' /etc/node",
    });
    expect(output).toBe("1:3 5:6\n");
  });

  test("a device whose place is a link: its owner does not go to the target", async () => {
    const output = await attempt({
      image: link("etc/node", join(host, "secret")),
      linux: { devices: [{ path: "/etc/node", type: "c", major: 1, minor: 3, uid: 5, gid: 5 }] },
    });
    expect(output).toContain('use what is in the place of the device "/etc/node"');
  });

  test("in a user namespace, where the host's nodes are bound", async () => {
    const map = [{ containerID: 0, hostID: 0, size: 65536 }];
    const output = await attempt({
      image: (root) => {
        for (const name of ["null", "zero", "tty"]) {
          link(`dev/${name}`, join(host, "secret"))(root);
        }
      },
      allMounts: PROC_ONLY,
      linux: {
        namespaces: [...(defaultSpec().linux?.namespaces ?? []), { type: "user" }],
        uidMappings: map,
        gidMappings: map,
      },
    });
    expect(output).toContain("too many levels of symbolic links");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: masked paths (CVE-2025-31133)", () => {
  test.each([["/proc/sys/kernel/core_pattern"], ["/proc/sysrq-trigger"], [join(host, "secret")]])(
    "with /dev/null as a link to %s: the mask is the null device",
    async (target) => {
      const bundle = scratch.bundle({
        image: link("dev/null", target),
        allMounts: PROC_ONLY,
        linux: { maskedPaths: ["/proc/timer_list", "/proc/missing", "/etc"] },
        script: "stat -c '%F %t:%T' /proc/timer_list; ls /etc; echo x >/etc/x && echo writable",
      });
      const output = await scratch
        .run(bundle)
        .then(() => Bun.file(join(bundle.root, "out")).text());
      expect(output).toStartWith("character special file 1:3\n");
      expect(output).toContain("Read-only file system");
      expect(output).not.toContain("writable");
    },
  );

  test("a masked path that is a link stays inside the root", async () => {
    const output = await attempt({
      image: link("masked", join(host, "secret")),
      linux: { maskedPaths: ["/masked"], readonlyPaths: ["/masked"] },
    });
    expect(output).toBe("ran\n");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: the terminal (CVE-2025-52565, CVE-2026-88264)", () => {
  const terminal = { terminal: true, user: { uid: 1000, gid: 1000 } } as const;

  async function attemptWithConsole(options: BundleOptions): Promise<string> {
    using folder = new OwnedFd(open(scratch.folder, 0));
    const name = scratch.newId();
    using _listener = new OwnedFd(listenUnixAt(folder.number, name, SOCK_STREAM));
    const bundle = scratch.bundle(options);
    try {
      const options = scratch.options(bundle);
      await create({ ...options, consoleSocket: join(scratch.folder, name) });
      deleteContainer(options);
      return "created";
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
      return error instanceof OcicatError ? error.message : "";
    } finally {
      rmSync(join(scratch.folder, name));
    }
  }

  test("the usual one works", async () => {
    expect(await attemptWithConsole({ process: terminal })).toBe("created");
  });

  test.each([
    ["dev/console", join(host, "secret")],
    ["dev/console", "/proc/sys/kernel/core_pattern"],
    ["dev/console", join(host, "missing")],
  ])("with the image's %s as a link to %s, without a mount on /dev", async (path, target) => {
    const devpts = USUAL.filter(({ destination }) => destination === "/dev/pts");
    const message = await attemptWithConsole({
      image: link(path, target),
      allMounts: [...PROC_ONLY, ...devpts],
      process: terminal,
    });
    expect(message).toContain('"/dev/console"');
  });

  test.each([
    ["dev/pts", host],
    ["dev/pts/ptmx", "/proc/sys/kernel/core_pattern"],
    ["dev/pts/ptmx", "/dev/null"],
    ["dev/ptmx", join(host, "secret")],
  ])("with the image's %s as a link to %s, and no devpts", async (path, target) => {
    const message = await attemptWithConsole({
      image: link(path, target),
      allMounts: PROC_ONLY,
      process: terminal,
    });
    expect(message).toContain("process.terminal");
  });

  test("with a file of the image in the place of ptmx", async () => {
    const message = await attemptWithConsole({
      image: (root) => {
        mkdirSync(join(root, "dev/pts"));
        writeFileSync(join(root, "dev/pts/ptmx"), "");
      },
      allMounts: PROC_ONLY,
      process: terminal,
    });
    expect(message).toContain("process.terminal");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: standard input (CVE-2026-88265)", () => {
  test("is not opened again through the image's /dev/null, nor given to the user", async () => {
    const output = await attempt({
      image: link("dev/null", join(host, "secret")),
      allMounts: PROC_ONLY,
      process: { user: { uid: 1000, gid: 1000 } },
      script: "stat -L -c '%t:%T %u' /proc/self/fd/0",
    });
    expect(output).toBe("1:3 0\n");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: cgroups without a cgroup namespace (CVE-2023-25809)", () => {
  // A naive runtime shows the host's /sys/fs/cgroup through a bind of /sys that is read-only at its top
  // alone: container root, which is host root or its user, writes to every cgroup below.
  const map = [{ containerID: 0, hostID: 0, size: 65536 }];
  const SYS: Mount = {
    type: "none",
    source: "/sys",
    destination: "/sys",
    options: ["rbind", "ro"],
  };
  const CGROUP = USUAL.filter(({ type }) => type === "cgroup");

  const TRY = `
    for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
      busybox mkdir $d/ocicat-escape 2>/dev/null && echo made && busybox rmdir $d/ocicat-escape
    done
    echo tried`;

  function asHostRoot(allMounts: readonly Mount[]): BundleOptions {
    const namespaces = defaultSpec().linux?.namespaces ?? [];
    return {
      allMounts,
      linux: {
        namespaces: [...namespaces, { type: "user" }],
        uidMappings: map,
        gidMappings: map,
      },
      capabilities: ["CAP_DAC_OVERRIDE"],
      script: TRY,
    };
  }

  test("a bind that is read-only at its top alone lets cgroups be made", async () => {
    const output = await scratch.outputOf(scratch.bundle(asHostRoot([...PROC_ONLY, SYS])));
    expect(output).toContain("made\n");
  });

  test.each([
    ["the usual mounts", USUAL],
    ["/sys bound, and cgroups mounted", [...PROC_ONLY, SYS, ...CGROUP]],
  ])("with %s, nothing can be made in a cgroup from inside", async (_what, allMounts) => {
    const bundle = scratch.bundle(asHostRoot(allMounts));
    expect(await scratch.outputOf(bundle)).toBe("tried\n");
  });
});
