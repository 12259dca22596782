// EROFS images as the kernel mounts them: what containers get through an overlay, and what goes wrong.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { mountErofs } from "../../src/image/erofs/mount.ts";
import { probeErofs } from "../../src/image/erofs/probe.ts";
import { detachMount } from "../../src/sys/mount.ts";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import { archive } from "../fixtures/tar-archive.ts";

const probe = probeErofs(tmpdir());
const isMissing = !probe.usable;

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-mount-"));
});

afterEach(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

const program = (path: string) => readFileSync(path);
const LAYER = archive(
  { name: "null", type: "3", major: 1, minor: 3, mode: 0o666 },
  { name: "cat", mode: 0o4755, data: program("/bin/cat") },
  { name: "f", data: "content" },
);

function withOverlay<Result>(lower: string, use: (root: string) => Result): Result {
  const [upper, work, target] = ["upper", "work", "target"].map((name) => join(sandbox, name));
  for (const path of [upper, work, target]) {
    mkdirSync(path ?? "");
  }
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = Bun.spawnSync(["mount", "-t", "overlay", "overlay", "-o", options, target ?? ""]);
  expect(mounted.stderr.toString()).toBe("");
  try {
    return use(target ?? "");
  } finally {
    expect(Bun.spawnSync(["umount", target ?? ""]).exitCode).toBe(0);
  }
}

/** The effective user id of a program that an ordinary user starts. */
function effectiveUser(cat: string): string {
  const identity = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const { stdout } = Bun.spawnSync([...identity, cat, "/proc/self/status"]);
  return /^Uid:\s+\d+\s+(\d+)/m.exec(stdout.toString())?.[1] ?? "";
}

function readDevice(path: string): string {
  try {
    const fd = openSync(path, "r");
    closeSync(fd);
    return "opened";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "";
  }
}

function failure(action: () => unknown): OcicatError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    return error as OcicatError;
  }
  throw new Error("nothing was thrown");
}

describe.skipIf(isMissing)("a mounted image", () => {
  test("gives containers setuid programs and devices, the host neither", () => {
    // Programs and devices are for others than root, too.
    Bun.spawnSync(["chmod", "755", sandbox]);
    using folder = new ErofsFolder(sandbox);
    const { image } = folder.merged([LAYER]);
    folder.withMounted(image, (root) => {
      Bun.spawnSync(["chmod", "755", join(root, "..")]);
      expect(readDevice(join(root, "null"))).toBe("EACCES");
      expect(effectiveUser(join(root, "cat"))).toBe("65534");
      withOverlay(root, (target) => {
        expect(readDevice(join(target, "null"))).toBe("opened");
        expect(effectiveUser(join(target, "cat"))).toBe("0");
        writeFileSync(join(target, "f"), "changed");
        rmSync(join(target, "cat"));
        expect(readdirSync(target).sort()).toEqual(["f", "null"]);
      });
      expect(readFileSync(join(root, "f"), "utf8")).toBe("content");
    });
  });

  test("is read-only and gone when it is unmounted, for those who do not use it", () => {
    using folder = new ErofsFolder(sandbox);
    const { fd } = folder.layerFile(LAYER);
    const targetPath = join(sandbox, "target");
    mkdirSync(targetPath);
    mountErofs({ imageFd: fd, deviceFds: [], targetPath });
    expect(() => writeFileSync(join(targetPath, "new"), "")).toThrow("EROFS");
    const used = openSync(join(targetPath, "f"), "r");
    detachMount(targetPath);
    expect(existsSync(join(targetPath, "f"))).toBe(false);
    expect(readFileSync(used, "utf8")).toBe("content");
    closeSync(used);
  });

  test("has its files removed without harm to its users", () => {
    const files = mkdtempSync(join(sandbox, "files-"));
    const targetPath = mkdtempSync(join(sandbox, "target-"));
    {
      using folder = new ErofsFolder(files);
      const { image } = folder.merged([LAYER, archive({ name: "g", data: "upper" })]);
      mountErofs({ ...image, targetPath });
    }
    rmSync(files, { recursive: true });
    expect(readFileSync(join(targetPath, "f"), "utf8")).toBe("content");
    expect(readFileSync(join(targetPath, "g"), "utf8")).toBe("upper");
    detachMount(targetPath);
  });
});

describe.skipIf(isMissing)("a mount is refused", () => {
  test.each([
    [0, "without its devices"],
    [1, "with too few"],
    [3, "with too many"],
  ])("%d devices instead of 2: %s", (count) => {
    using folder = new ErofsFolder(sandbox);
    const { image } = folder.merged([LAYER, archive({ name: "g" })]);
    const [first = -1] = image.deviceFds;
    const deviceFds = new Array<number>(count).fill(first);
    const request = { imageFd: image.imageFd, deviceFds, targetPath: sandbox };
    expect(failure(() => mountErofs(request)).reason).toBe(
      `it has 2 devices instead of the ${count} that are given`,
    );
  });

  test("of something else, of a layer that cannot stand alone, on nothing", () => {
    using folder = new ErofsFolder(sandbox);
    const targetPath = sandbox;
    const noise = folder.newFile();
    writeFileSync(noise, Buffer.alloc(8192, "noise"));
    const dependent = folder.layerFile(archive({ name: "h", type: "1", link: "missing" }));
    for (const imageFd of [noise, dependent.fd]) {
      const error = failure(() => mountErofs({ imageFd, deviceFds: [], targetPath }));
      expect(error.reason).toBe("there is no EROFS superblock");
    }
    const { fd } = folder.layerFile(LAYER);
    const nowhere = { imageFd: fd, deviceFds: [], targetPath: join(sandbox, "nowhere") };
    expect(failure(() => mountErofs(nowhere)).code).toBe("not-found");
  });
});

describe("the probe", () => {
  test.skipIf(isMissing)("leaves nothing behind", () => {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const fds = readdirSync("/proc/self/fd").length;
    expect(probeErofs(sandbox)).toEqual(probe);
    expect(readdirSync(sandbox)).toEqual([]);
    expect(readdirSync("/proc/self/fd").length).toBe(fds);
    expect(readFileSync("/proc/self/mountinfo", "utf8").split("\n").length).toBeLessThanOrEqual(
      mounts.split("\n").length,
    );
  });

  test("says what is wrong with a folder", () => {
    const answers = ["/dev/shm", "/proc", join(sandbox, "missing")].map((path) => probeErofs(path));
    expect(answers.map(({ usable }) => usable)).toEqual([false, false, false]);
  });

  test.skipIf(isMissing)("names tmpfs", () => {
    expect(probeErofs("/dev/shm")).toEqual({
      usable: false,
      reason: '"/dev/shm" is on tmpfs, from which the kernel does not mount it',
    });
  });
});
