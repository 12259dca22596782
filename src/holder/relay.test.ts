import { afterEach, beforeEach, expect, test } from "bun:test";
import { F_SETFL, O_CLOEXEC, O_NONBLOCK } from "../abi/file.ts";
import { SOCK_STREAM } from "../abi/process.ts";
import { call } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { close, tryRead } from "../sys/file.ts";
import { bytes, decodeText, encodeText, words } from "../sys/memory.ts";
import { socketPair } from "../sys/socket.ts";
import { encodeStdin, STDERR, STDOUT } from "./attach-protocol.ts";
import { DEFAULT_DETACH_KEYS } from "./detach-keys.ts";
import { HolderConnection } from "./holder-connection.ts";
import { LocalInput, LocalOutput } from "./local-streams.ts";
import { canRelay, Relay, type RelayEnds } from "./relay.ts";

const OUTPUT_FRAME = 6;
const PIPE_BYTES = 65_536;

let fds: number[] = [];
let holderFd = -1;
let keysFd = -1;
let screenFd = -1;
let ends: RelayEnds;

function pipe(): [readFd: number, writeFd: number] {
  const ends = words(2);
  expect(call("pipe2", addressOf(ends), O_CLOEXEC)).toBe(0);
  const [readFd = -1, writeFd = -1] = ends;
  fds.push(readFd, writeFd);
  return [readFd, writeFd];
}

beforeEach(() => {
  const [clientFd, otherFd] = socketPair(SOCK_STREAM);
  const [inputFd, typingFd] = pipe();
  const [readFd, outputFd] = pipe();
  fds.push(clientFd);
  holderFd = otherFd;
  keysFd = typingFd;
  screenFd = readFd;
  ends = {
    signalsFd: pipe()[0],
    connection: new HolderConnection(clientFd),
    input: new LocalInput(inputFd, DEFAULT_DETACH_KEYS),
    output: new LocalOutput(outputFd),
  };
});
afterEach(() => {
  for (const fd of fds) {
    close(fd);
  }
  fds = [];
});

function write(fd: number, content: Uint8Array): void {
  expect(call("write", fd, addressOf(content), content.length)).toBe(content.length);
}

function read(fd: number, size = PIPE_BYTES): string {
  const buffer = bytes(size);
  return decodeText(buffer.subarray(0, tryRead(fd, buffer)));
}

function outputFrame(stream: number, text: string): Uint8Array {
  const content = encodeText(text);
  const frame = bytes(4 + content.length);
  frame.set([OUTPUT_FRAME, stream, content.length & 0xff, content.length >> 8]);
  frame.set(content, 4);
  return frame;
}

test("carries keys and output, and leaves the end to others", () => {
  write(keysFd, encodeText("ls\n"));
  write(holderFd, outputFrame(STDOUT, "one"));
  write(holderFd, outputFrame(STDOUT, "two"));
  call("shutdown", holderFd, 1);
  expect(canRelay(ends)).toBe(true);
  expect(new Relay().run(ends)).toEqual({ kind: "event" });
  expect(read(screenFd)).toBe("onetwo");
  expect(read(holderFd)).toBe(decodeText(encodeStdin(encodeText("ls\n"))));
  close(holderFd);
});

test("what is no output of the terminal it does not touch", () => {
  write(holderFd, outputFrame(STDOUT, "one"));
  write(holderFd, outputFrame(STDERR, "two"));
  expect(new Relay().run(ends)).toEqual({ kind: "received" });
  expect(canRelay(ends)).toBe(false);
  expect(read(screenFd)).toBe("one");
  expect(ends.connection.next()).toMatchObject({ type: "output", stream: STDERR });
  expect(canRelay(ends)).toBe(true);
  close(holderFd);
});

test("keys that may detach are read and not sent", () => {
  write(keysFd, Uint8Array.of(97, 0x10, 0x11));
  expect(new Relay().run(ends)).toEqual({ kind: "typed", count: 3, sent: 0 });
  expect(ends.input?.take(3)).toMatchObject({ kind: "detach", content: Uint8Array.of(97) });
  close(keysFd);
  fds = fds.filter((fd) => fd !== keysFd);
  expect(new Relay().run(ends)).toEqual({ kind: "typed", count: 0, sent: 0 });
  close(holderFd);
});

test("of what the terminal has no room for a frame is left", () => {
  const { fd } = ends.output;
  call("fcntl", fd, F_SETFL, O_NONBLOCK);
  write(fd, bytes(PIPE_BYTES - 8192).fill(46));
  write(holderFd, outputFrame(STDOUT, "x".repeat(16_000)));
  expect(new Relay().run(ends)).toEqual({ kind: "received" });
  const frame = ends.connection.next();
  expect(frame).toMatchObject({ type: "output", stream: STDOUT });
  const rest = frame?.type === "output" ? decodeText(frame.content) : "";
  const written = read(screenFd, 2 * PIPE_BYTES).replaceAll(".", "");
  expect(written.length).toBeGreaterThan(0);
  expect(written + rest).toBe("x".repeat(16_000));
  close(holderFd);
});

test.each([
  ["too long", [OUTPUT_FRAME, STDOUT, 0x01, 0x40], 16_385],
  ["empty", [OUTPUT_FRAME, STDOUT, 0, 0], 0],
] as const)("a frame that is %s is nobody's to write", (_, head, length) => {
  const frame = bytes(4 + length);
  frame.set(head);
  write(holderFd, frame);
  expect(new Relay().run(ends)).toEqual({ kind: "received" });
  expect(() => ends.connection.next()).toThrow("its holder sent");
  close(holderFd);
});
