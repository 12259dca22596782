import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK_UN, O_RDWR } from "../../abi/file.ts";
import { OwnedFd, open, tryFlock } from "../../sys/file.ts";
import { inheritedLock, signLock, signOff, supervisorPid, tryTakeLock } from "./supervisor-lock.ts";
import { type SupervisorPlace, supervisorPlace } from "./supervisor-place.ts";

describe("the lock of a supervisor", () => {
  const folders: string[] = [];
  let place: SupervisorPlace = supervisorPlace({ storeRoot: "/", stateRoot: "/" });

  beforeEach(() => {
    const stateRoot = mkdtempSync(join(tmpdir(), "oct-supervisor-"));
    folders.push(stateRoot);
    place = supervisorPlace({ storeRoot: "/store", stateRoot });
  });
  afterAll(() => {
    for (const folder of folders) {
      rmSync(folder, { recursive: true });
    }
  });

  function take(): OwnedFd {
    return tryTakeLock(place) ?? expect.unreachable("somebody has the lock");
  }

  test("is one process's", () => {
    using lock = take();
    expect(tryTakeLock(place)).toBeUndefined();
    lock[Symbol.dispose]();
    using next = take();
    expect(next.number).toBeGreaterThan(2);
  });

  test("is each store's own", () => {
    using _lock = take();
    const other = supervisorPlace({ storeRoot: "/other", stateRoot: folders.at(-1) ?? "" });
    using next = tryTakeLock(other);
    expect(next).toBeDefined();
  });

  test("says who has it", () => {
    expect(supervisorPid(place)).toBeUndefined();
    using lock = take();
    signLock(lock, place);
    expect(supervisorPid(place)).toBe(process.pid);
    writeFileSync(place.lockPath, '{"version":1,"pid":1,"startTime":"another"}');
    expect(supervisorPid(place)).toBeUndefined();
    writeFileSync(place.lockPath, '{"vers');
    expect(supervisorPid(place)).toBeUndefined();
  });

  test("makes the sixth of those wait that are killed one after the other", () => {
    using lock = take();
    const waits = Array.from({ length: 6 }, () => signLock(lock, place));
    expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(waits[5]).toBeGreaterThan(1000);
    expect(waits[5]).toBeLessThanOrEqual(10_000);
    signOff(lock);
    expect(signLock(lock, place)).toBe(0);
  });

  test("is inherited as a descriptor, and nothing else is", () => {
    using lock = take();
    using foreign = new OwnedFd(open("/dev/null", O_RDWR));
    expect(() => inheritedLock(foreign.number, place)).toThrow("it is not the supervisor's lock");
    using unlocked = new OwnedFd(open(place.lockPath, O_RDWR));
    expect(() => inheritedLock(unlocked.number, place)).toThrow("it is not the supervisor's lock");
    tryFlock(lock.number, LOCK_UN);
    using taken = inheritedLock(unlocked.number, place);
    expect(taken.number).toBe(unlocked.number);
    unlocked.release();
  });
});
