import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { SOCK_STREAM } from "../abi/process.ts";
import { OwnedFd, open } from "./file.ts";
import { connectUnix, listenUnixAt } from "./socket.ts";

const place = mkdtempSync(join(tmpdir(), "ocicat-socket-"));
afterAll(() => rmSync(place, { recursive: true }));

test.each(["short", "l".repeat(120)])("a listener is found by its path: %s", (name) => {
  const path = join(place, name);
  mkdirSync(path);
  using folder = new OwnedFd(open(path, O_RDONLY));
  using _listener = new OwnedFd(listenUnixAt(folder.number, "socket", SOCK_STREAM));
  using client = new OwnedFd(connectUnix(join(path, "socket"), SOCK_STREAM));
  expect(client.number).toBeGreaterThan(2);
});

test("what cannot be connected to is named by the path that was asked for", () => {
  const path = join(place, "n".repeat(120), "socket");
  expect(() => connectUnix(path, SOCK_STREAM)).toThrow(
    `connect to "${path}": no such file or directory`,
  );
});
