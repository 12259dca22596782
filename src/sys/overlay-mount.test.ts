import { afterAll, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDetachedOverlay } from "./overlay-mount.ts";

const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
const place = mkdtempSync(join(tmpdir(), "ocicat-overlay-"));
afterAll(() => rmSync(place, { recursive: true }));

function makeFolder(name: string): string {
  const path = join(place, name);
  mkdirSync(path);
  return path;
}

// An overlay's upper layer cannot be on an overlay.
const CANNOT = process.getuid?.() !== 0 || statfsSync(tmpdir()).type === OVERLAYFS_SUPER_MAGIC;

// Kernels before 6.8 and later ones are told in different ways.
test.skipIf(CANNOT)("as root: an overlay of 60 layers with long names, topmost first", () => {
  const lower = Array.from({ length: 60 }, (_, index) => {
    const path = makeFolder(`${index}:,${"n".repeat(100)}`);
    writeFileSync(join(path, `file-${index}`), "");
    writeFileSync(join(path, "common"), String(index));
    mkdirSync(join(path, "folder"));
    return path;
  });
  const directory = process.cwd();
  const directories = { lower, upper: makeFolder("upper"), work: makeFolder("work") };
  using root = makeDetachedOverlay(directories);
  expect(process.cwd()).toBe(directory);
  const path = `/proc/self/fd/${root.number}`;
  expect(readFileSync(`${path}/common`, "utf8")).toBe("0");
  expect(readFileSync(`${path}/file-59`, "utf8")).toBe("");
  writeFileSync(`${path}/new`, "new");
  expect(readFileSync(join(directories.upper, "new"), "utf8")).toBe("new");
  // With a redirection the writable layer would have a folder without its files.
  const renameFolder = () => renameSync(`${path}/folder`, `${path}/renamed`);
  expect(renameFolder).toThrow("EXDEV");
});
