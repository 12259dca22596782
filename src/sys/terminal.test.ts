import { afterEach, expect, test } from "bun:test";
import { O_RDONLY } from "../abi/file.ts";
import { close, OwnedFd, open } from "./file.ts";
import {
  isTerminal,
  openPseudoTerminal,
  type PseudoTerminal,
  RawTerminal,
  setTerminalSize,
  terminalSize,
  tryOpenTerminalPeer,
} from "./terminal.ts";

const opened: PseudoTerminal[] = [];

afterEach(() => {
  for (const { masterFd, peerFd } of opened.splice(0)) {
    close(masterFd);
    close(peerFd);
  }
});

function newTerminal(): PseudoTerminal {
  const terminal = openPseudoTerminal();
  opened.push(terminal);
  return terminal;
}

function modes(fd: number): string {
  return Bun.spawnSync(["stty", "-g"], { stdio: [fd, "pipe", "inherit"] }).stdout.toString();
}

test("a terminal is one, a file is none", () => {
  using file = new OwnedFd(open("/dev/null", O_RDONLY));
  expect(isTerminal(newTerminal().peerFd)).toBe(true);
  expect(isTerminal(file.number)).toBe(false);
  expect(terminalSize(file.number)).toBeUndefined();
});

test("a size that the one end sets, the other has", () => {
  const { masterFd, peerFd } = newTerminal();
  expect(terminalSize(peerFd)).toEqual({ rows: 0, columns: 0 });
  setTerminalSize(masterFd, { rows: 24, columns: 65_535 });
  expect(terminalSize(peerFd)).toEqual({ rows: 24, columns: 65_535 });
});

test("raw mode is what stty calls it, and ends with the object", () => {
  const { peerFd } = newTerminal();
  const before = modes(peerFd);
  {
    using raw = new RawTerminal(peerFd);
    const rawModes = modes(peerFd);
    Bun.spawnSync(["stty", "sane"], { stdio: [peerFd, "inherit", "inherit"] });
    expect(modes(peerFd)).not.toBe(rawModes);
    raw.apply();
    expect(modes(peerFd)).toBe(rawModes);
    Bun.spawnSync(["stty", "raw", "-echo", "-echonl", "-iexten"], {
      stdio: [peerFd, "inherit", "inherit"],
    });
    // stty's raw leaves a few input flags alone that cfmakeraw(3) clears; the local flags are equal.
    expect(modes(peerFd).split(":")[3]).toBe(rawModes.split(":")[3] ?? "");
  }
  expect(modes(peerFd)).toBe(before);
});

test("raw mode needs a terminal", () => {
  using file = new OwnedFd(open("/dev/null", O_RDONLY));
  expect(() => new RawTerminal(file.number)).toThrow("read the modes of the terminal");
});

test("disposing after the terminal has gone is no failure", () => {
  const { masterFd, peerFd } = openPseudoTerminal();
  const closeWhileRaw = () => {
    using raw = new RawTerminal(peerFd);
    close(masterFd);
    close(peerFd);
    return raw;
  };
  expect(closeWhileRaw).not.toThrow();
});

test("the peer of what is no master", () => {
  using file = new OwnedFd(open("/dev/null", O_RDONLY));
  expect(tryOpenTerminalPeer(file.number)).toBe(-25);
});
