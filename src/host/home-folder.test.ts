import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenWatch } from "../../test/fixtures/open-watch.ts";
import { withHome } from "./home-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "ocicat-home-"));
const rootPath = join(folder, "root");
const file = join(rootPath, "etc/passwd");

beforeEach(() => {
  rmSync(rootPath, { recursive: true, force: true });
  mkdirSync(join(rootPath, "etc"), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

function homeOf(uid: number, env: string[] = [], more = {}) {
  const process = { args: ["x"], cwd: "/", user: { uid, gid: 0 }, env };
  return withHome(process, { rootPath, ...more }).env;
}

test("is the account's, or the root folder", () => {
  writeFileSync(file, "root:x:0:0:root:/root:/bin/sh\nshort\nu:x:7:7::/home/u:/bin/sh\n");
  expect(homeOf(0)).toEqual(["HOME=/root"]);
  expect(homeOf(7, ["A=b"])).toEqual(["A=b", "HOME=/home/u"]);
  expect(homeOf(8)).toEqual(["HOME=/"]);
});

test("is what the configuration says, where it says something", () => {
  writeFileSync(file, "root:x:0:0:root:/root:/bin/sh\n");
  expect(homeOf(0, ["HOME=/x"])).toEqual(["HOME=/x"]);
  expect(homeOf(0, ["HOME=", "A=b"])).toEqual(["A=b", "HOME=/root"]);
});

test("never comes from a file outside, a pipe, or a missing one", () => {
  const outside = join(folder, "outside");
  writeFileSync(outside, "root:x:0:0:root:/outside:/bin/sh\n");
  symlinkSync(outside, file);
  expect(homeOf(0)).toEqual(["HOME=/"]);
  rmSync(file);
  Bun.spawnSync(["mkfifo", file]);
  {
    // It could be a device, too, which would notice.
    using watch = new OpenWatch(file);
    expect(homeOf(0)).toEqual(["HOME=/"]);
    expect(watch.isOpened()).toBe(false);
  }
  rmSync(rootPath, { recursive: true });
  expect(homeOf(0)).toEqual(["HOME=/"]);
});

test("comes from the file that will be mounted there", () => {
  const source = join(folder, "accounts");
  writeFileSync(source, "root:x:0:0:root:/mounted:/bin/sh\n");
  const mounts = [{ destination: "/etc/passwd", source, options: ["bind"] }];
  expect(homeOf(0, [], { mounts })).toEqual(["HOME=/mounted"]);
});
