// Every byte of small images: a layer file, and a merged image over it and another layer.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { expectGolden } from "./expect-golden.ts";

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-golden-"));
});

afterEach(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

const LOWER = archive(
  { name: "./", type: "5", mode: 0o755 },
  { name: "bin/", type: "5", mode: 0o755 },
  { name: "bin/tool", mode: 0o4755, uid: 1000, data: "content of a tool" },
  { name: "bin/link", type: "1", link: "bin/tool" },
  { name: "sh", type: "2", link: "bin/tool" },
  { name: "null", type: "3", major: 1, minor: 3, mode: 0o666 },
  { name: "x", data: "x", pax: { mtime: "-1.5", "SCHILY.xattr.user.name": "value" } },
);
const UPPER = archive(
  { name: "bin/.wh.link" },
  {
    name: "sparse",
    data: "d".repeat(512),
    pax: {
      "GNU.sparse.size": "1536",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.map": "512,512",
    },
  },
);

/** 16 bytes a line; lines that are all zero are left out. */
function hexDump(content: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < content.length; at += 16) {
    const line = content.subarray(at, at + 16);
    if (line.some((byte) => byte !== 0)) {
      const hex = line.toString("hex").replaceAll(/(.{8})(?=.)/g, "$1 ");
      const text = line.toString("latin1").replaceAll(/[^ -~]/g, ".");
      lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(35)}  ${text}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

test("a layer file", async () => {
  using folder = new ErofsFolder(sandbox);
  const { fd, summary } = folder.layerFile(LOWER);
  expect(summary.mountable).toBe(true);
  await expectGolden(join(import.meta.dir, "erofs-layer.txt"), hexDump(readFileSync(fd)));
});

test("a merged image", async () => {
  using folder = new ErofsFolder(sandbox);
  const { image } = folder.merged([LOWER, UPPER]);
  const content = readFileSync(image.imageFd);
  expect(content.length).toBe(4096);
  await expectGolden(join(import.meta.dir, "erofs-merged.txt"), hexDump(content));
});
