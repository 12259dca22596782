import { describe, expect, test } from "bun:test";
import { SIGKILL, SOCK_STREAM } from "../abi/process.ts";
import { call } from "./call.ts";
import { watchDescriptor } from "./descriptor-loop.ts";
import { addressOf } from "./entry.ts";
import { close, open } from "./file.ts";
import { encodeText, words } from "./memory.ts";
import { spawn, tryOpenPidfd, trySignalPidfd, waitForPid } from "./process.ts";
import { socketPair } from "./socket.ts";
import { untilReady } from "./waiting.ts";

const O_PATH = 0o10000000;

function startSleep(): number {
  const executableFd = open("/bin/sleep", O_PATH);
  const prepare = [["rt_sigprocmask", 2, addressOf(words(2)), 0, 8]] as const;
  const pid = spawn({ executableFd, args: ["sleep", "100"], environment: [], prepare }, "sleep");
  close(executableFd);
  return pid;
}

describe("waiting in the event loop", () => {
  test("a pidfd is ready when its process ends", async () => {
    const pid = startSleep();
    const pidfd = tryOpenPidfd(pid);
    const ended = untilReady(pidfd);
    trySignalPidfd(pidfd, SIGKILL);
    await ended;
    expect(waitForPid(pid)).toEqual({ signal: SIGKILL });
    close(pidfd);
  });

  test("one after the other, each as soon as the one before is over", async () => {
    const ends: unknown[] = [];
    for (let count = 0; count < 3; count += 1) {
      const pid = startSleep();
      const pidfd = tryOpenPidfd(pid);
      trySignalPidfd(pidfd, SIGKILL);
      await untilReady(pidfd);
      ends.push(waitForPid(pid));
      close(pidfd);
    }
    expect(ends).toEqual(ends.map(() => ({ signal: SIGKILL })));
  });

  test("many processes that end at once are all seen", async () => {
    const pids = Array.from({ length: 20 }, startSleep);
    const pidfds = pids.map(tryOpenPidfd);
    const all = Promise.all(pidfds.map((fd) => untilReady(fd)));
    for (const fd of pidfds) {
      trySignalPidfd(fd, SIGKILL);
    }
    await all;
    expect(pids.map((pid) => waitForPid(pid))).toEqual(pids.map(() => ({ signal: SIGKILL })));
    for (const fd of pidfds) {
      close(fd);
    }
  });

  test("a socket that stays readable calls back again, until it is let go", async () => {
    const [reader, writer] = socketPair(SOCK_STREAM);
    const content = encodeText("ab");
    call("write", writer, addressOf(content), 2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const buffer = encodeText(" ");
    let read = "";
    const stop = watchDescriptor(reader, () => {
      call("read", reader, addressOf(buffer), 1);
      read += String.fromCharCode(buffer[0] ?? 0);
      if (read.length === 2) {
        stop();
        resolve();
      }
    });
    await promise;
    expect(read).toBe("ab");
    close(reader);
    close(writer);
  });
});
