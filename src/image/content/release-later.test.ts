import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../../abi/file.ts";
import { observeCalls } from "../../sys/call.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { LaterRelease } from "./release-later.ts";

const LARGE_BYTES = 32 * 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "ocicat-release-"));
let folderFd: OwnedFd;

beforeAll(() => {
  folderFd = new OwnedFd(open(folder, O_RDONLY));
});
afterAll(() => {
  folderFd[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Processes, but for this one, that have a file without a name open that was in the folder. */
function holders(): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && opensRemoved(pid));
}

function opensRemoved(pid: string): boolean {
  if (Number(pid) === process.pid) {
    return false;
  }
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) =>
      readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${folder}/`),
    );
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}

describe("a large file that is removed", () => {
  test("is let go of by another process, which ends, and by nobody else", async () => {
    writeFileSync(join(folder, "large"), "");
    let atLastClose = {};
    {
      using release = new LaterRelease();
      release.keep(folderFd.number, "large", LARGE_BYTES);
      rmSync(join(folder, "large"));
      expect(opensOurselves()).toBe(true);
      observeCalls((_, name) => {
        if (name === "close") {
          atLastClose = { isOurs: opensOurselves(), others: holders().length };
        }
      });
    }
    observeCalls(undefined);
    // That close lets go of the other process.
    expect(atLastClose).toEqual({ isOurs: false, others: 1 });
    expect(opensOurselves()).toBe(false);
    while (holders().length > 0) {
      await Bun.sleep(5);
    }
    expect(existsSync(join(folder, "large"))).toBe(false);
  });

  test("is not waited for by whoever reads what the command writes", () => {
    writeFileSync(join(folder, "large"), "");
    let openStdio: readonly string[] = ["not looked at"];
    {
      using release = new LaterRelease();
      release.keep(folderFd.number, "large", LARGE_BYTES);
      rmSync(join(folder, "large"));
      observeCalls((_, name) => {
        if (name === "close" && !opensOurselves()) {
          openStdio = stdioLeftOpen();
        }
      });
    }
    observeCalls(undefined);
    expect(openStdio).toEqual([]);
  });

  test("a small one is nobody's", () => {
    writeFileSync(join(folder, "small"), "x");
    using release = new LaterRelease();
    release.keep(folderFd.number, "small", 4096);
    rmSync(join(folder, "small"));
    expect(opensOurselves()).toBe(false);
  });
});

function opensOurselves(): boolean {
  return readdirSync("/proc/self/fd").some((fd) => {
    const path = existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : "";
    return path.startsWith(`${folder}/`);
  });
}

/** Of the other process: what it has still open of 0, 1 and 2 when it has had time to close them. */
function stdioLeftOpen(): readonly string[] {
  const [pid = ""] = holders();
  const deadline = performance.now() + 60_000;
  for (;;) {
    const left = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) <= 2);
    if (left.length === 0 || performance.now() > deadline) {
      return left;
    }
    Bun.sleepSync(1);
  }
}
