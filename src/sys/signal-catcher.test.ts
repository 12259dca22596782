import { expect, test } from "bun:test";
import { POLLIN } from "../abi/process.ts";
import { poll } from "./poll.ts";
import { isSignalIgnored, SignalCatcher } from "./signal-catcher.ts";

const REALTIME = 64;

function send(signal: number): void {
  expect(Bun.spawnSync(["kill", `-${signal}`, String(process.pid)]).exitCode).toBe(0);
}

function nextOf(catcher: SignalCatcher): number | undefined {
  poll([{ fd: catcher.fd, events: POLLIN }], 10_000);
  return catcher.next();
}

test("each signal comes once, real-time ones as often as they were sent", () => {
  using catcher = new SignalCatcher([10, REALTIME]);
  expect(catcher.next()).toBeUndefined();
  send(10);
  expect(nextOf(catcher)).toBe(10);
  send(REALTIME);
  send(REALTIME);
  expect(nextOf(catcher)).toBe(REALTIME);
  expect(nextOf(catcher)).toBe(REALTIME);
  expect(catcher.next()).toBeUndefined();
});

test("what was before is restored; what was ignored stays ignored", () => {
  const script = `
    import { isSignalIgnored, SignalCatcher } from ${JSON.stringify(`${import.meta.dir}/signal-catcher.ts`)};
    import { spawnSync } from "node:child_process";
    {
      using catcher = new SignalCatcher([1, 64]);
      process.kill(process.pid, 1);
      console.log(String(catcher.next()));
    }
    spawnSync("kill", ["-64", String(process.pid)]);
    console.log("survived");`;
  const run = (ignored: string) =>
    Bun.spawnSync([
      "bash",
      "-c",
      `trap '' ${ignored}; exec "$0" -e "$1"`,
      process.execPath,
      script,
    ]);
  const caught = run("USR2");
  expect(caught.stdout.toString()).toBe("1\n");
  expect(caught.signalCode).not.toBeNull();
  expect(run("HUP").stdout.toString()).toBe("undefined\n");
});

test("a signal that is ignored is known to be", () => {
  const script = `
    import { isSignalIgnored } from ${JSON.stringify(`${import.meta.dir}/signal-catcher.ts`)};
    console.log([1, 2, 15].map(isSignalIgnored).join());`;
  const command = ["bash", "-c", `trap '' HUP; exec "$0" -e "$1"`, process.execPath, script];
  expect(Bun.spawnSync(command).stdout.toString()).toBe("true,false,false\n");
  expect(isSignalIgnored(15)).toBe(false);
});
