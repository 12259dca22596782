// CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-52881: an image or another
// container that puts something else in the place of /proc, or of a part of it.
//
// A naive runtime mounts a volume on /proc or below because the configuration (or a link of the image)
// says so, and then writes an AppArmor label, an OOM score or a sysctl through that path: the write goes
// to a file of the attacker's, and the container runs unconfined; or, with a link planted in a volume
// that two containers share, to another file of the host's procfs, such as /proc/sysrq-trigger.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { Mount } from "../../src/oci/mount.ts";
import { NEEDS_ROOT, Scratch } from "./scratch.ts";

const scratch = new Scratch();
const volume = join(scratch.folder, "volume");
mkdirSync(join(volume, "self/attr"), { recursive: true });
writeFileSync(join(volume, "file"), "");

afterEach(() => expect(scratch.takeLeftovers()).toEqual([]));
afterAll(() => scratch.remove());

async function errorOf(attempt: Promise<unknown>): Promise<OcicatError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof OcicatError) {
      return error;
    }
    throw error;
  }
}

function bind(source: string, destination: string): Mount {
  return { type: "bind", source, destination, options: ["rbind", "rw"] };
}

const USUAL = defaultSpec().mounts ?? [];
const TMPFS: Mount = { type: "tmpfs", source: "tmpfs", destination: "/proc" };

/** A shell script in a mount namespace of its own, with $ROOT and $VOLUME. Returns what it printed. */
function naively(script: string, root: string): string {
  const { stdout, stderr } = Bun.spawnSync(["unshare", "--mount", "sh", "-ec", script], {
    env: { ...process.env, ROOT: root, VOLUME: volume },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString();
}

/** What the tests below are held against: the traps work where somebody walks into them. */
describe.skipIf(NEEDS_ROOT)("as root: what a naive runtime does", () => {
  test("a label goes to a file of the attacker's, whose volume is mounted on /proc", () => {
    const root = join(scratch.folder, "naive-label");
    mkdirSync(join(root, "proc"), { recursive: true });
    const label = "exec confined";
    naively(
      `mount --bind "$VOLUME" "$ROOT/proc"; echo ${label} > "$ROOT/proc/self/attr/exec"`,
      root,
    );
    expect(readFileSync(join(volume, "self/attr/exec"), "utf8")).toBe(`${label}\n`);
    rmSync(join(volume, "self/attr/exec"));
  });

  test.each(["/proc", "/sys"])("a mount on a %s that is a link comes on the host", (path) => {
    const root = join(scratch.folder, `naive-link${path.replace("/", "-")}`);
    mkdirSync(root);
    symlinkSync(scratch.host, join(root, path));
    const script = `mount -t tmpfs naive "$ROOT${path}"; grep naive /proc/self/mountinfo`;
    const place = naively(script, root).split(" ")[4];
    expect(place).toBe(scratch.host);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: mounts on /proc", () => {
  test.each<[string, Mount]>([
    ["a volume on /proc", bind(volume, "/proc")],
    ["a volume on /proc by another spelling", bind(volume, "//x/../proc/.")],
    ["a tmpfs on /proc", TMPFS],
    ["a volume below /proc", bind(join(volume, "self"), "/proc/self")],
    ["a file below /proc", bind(join(volume, "file"), "/proc/sys/kernel/core_pattern")],
    ["a procfs below /proc", { type: "proc", source: "proc", destination: "/proc/fs" }],
    ["a file that only begins like a replaceable one", bind(join(volume, "file"), "/proc/stat/x")],
  ])("%s is refused, and nothing is made for it", async (_what, mount) => {
    const error = await errorOf(scratch.run(scratch.bundle({ mounts: [mount] })));
    expect(error?.message).toContain(`mounts[${USUAL.length}]`);
    expect(error?.message).toMatch(/procfs|inside of \/proc|not permitted/);
  });

  test.each(["/proc/meminfo", "/proc/cpuinfo", "/proc/uptime"])(
    "a file on %s, as lxcfs has it, is accepted",
    async (path) => {
      const file = join(scratch.folder, "replacement");
      writeFileSync(file, "replaced\n");
      const bundle = scratch.bundle({ mounts: [bind(file, path)], script: `cat ${path}` });
      expect(await scratch.outputOf(bundle)).toBe("replaced\n");
    },
  );

  test("the host's procfs on /proc is accepted", async () => {
    const allMounts = [bind("/proc", "/proc"), ...USUAL.slice(1)];
    const bundle = scratch.bundle({
      allMounts,
      script: "stat -f -c %T /proc",
      linux: {
        namespaces: [{ type: "mount" }, { type: "uts" }, { type: "ipc" }, { type: "network" }],
        maskedPaths: [],
        readonlyPaths: [],
      },
    });
    expect(await scratch.outputOf(bundle)).toBe("proc\n");
  });

  test("a directory of the host's procfs on /proc is refused", async () => {
    const allMounts = [bind("/proc/self", "/proc"), ...USUAL.slice(1)];
    const error = await errorOf(scratch.run(scratch.bundle({ allMounts })));
    expect(error?.message).toContain("mounts[0]");
  });
});

describe.skipIf(NEEDS_ROOT)("as root: links of the image", () => {
  test.each([
    ["/link", "/proc/self/attr"],
    ["/link", "/proc"],
    ["/link/attr", "/proc/self"],
    ["/link", "proc/sys"],
    ["/link", "/sys/../proc/fs"],
  ])("a volume on %s, a link to %s, is refused", async (destination, target) => {
    const bundle = scratch.bundle({
      mounts: [bind(join(volume, "self"), destination)],
      image: (root) => symlinkSync(target, join(root, "link")),
    });
    const error = await errorOf(scratch.run(bundle));
    expect(error?.message).toContain("which leads into /proc");
    expect(error?.code).toBe("permission-denied");
  });

  test.each([
    ["/proc", "/tmp"],
    ["/sys", "/tmp"],
    ["/proc", "/../../../../tmp"],
    ["/sys", "/"],
  ])("an image with %s as a link to %s is refused", async (path, target) => {
    const bundle = scratch.bundle({
      image: (root) => {
        rmSync(join(root, path), { recursive: true });
        symlinkSync(target, join(root, path));
      },
    });
    const error = await errorOf(scratch.run(bundle));
    expect(error?.message).toMatch(/^mounts\[\d\]\.destination/);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: the runtime's own writes to procfs", () => {
  // What a naive runtime does: it opens the container's own path. That the trap works is shown first.
  test("a link in a shared volume would redirect a write by name", () => {
    const target = join(scratch.host, "sysrq-trigger");
    writeFileSync(target, "untouched");
    const trap = join(scratch.folder, "trap");
    mkdirSync(trap);
    symlinkSync(target, join(trap, "oom_score_adj"));
    writeFileSync(join(trap, "oom_score_adj"), "500");
    expect(readFileSync(target, "utf8")).toBe("500");
  });

  test("go to the host's verified procfs, whatever the container's /proc is", async () => {
    const target = join(scratch.host, "redirected");
    writeFileSync(target, "untouched");
    // Without a procfs of its own, the container's /proc is the image's directory, full of traps.
    const bundle = scratch.bundle({
      allMounts: USUAL.slice(1),
      process: { oomScoreAdj: 500 },
      capabilities: ["CAP_SYS_ADMIN"],
      linux: { maskedPaths: [], readonlyPaths: [], sysctl: { "kernel.domainname": "written" } },
      image: (root) => {
        mkdirSync(join(root, "proc/self"), { recursive: true });
        mkdirSync(join(root, "proc/sys/kernel"), { recursive: true });
        for (const name of ["self/oom_score_adj", "sys/kernel/domainname"]) {
          symlinkSync(target, join(root, "proc", name));
        }
      },
      script: "mount -t proc proc /tmp; cat /tmp/self/oom_score_adj /tmp/sys/kernel/domainname",
    });
    expect(await scratch.outputOf(bundle)).toBe("500\nwritten\n");
    expect(readFileSync(target, "utf8")).toBe("untouched");
  });
});
