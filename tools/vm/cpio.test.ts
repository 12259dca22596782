import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCpio } from "./cpio.ts";

const busybox = Bun.which("busybox");

test.skipIf(busybox === null)("busybox unpacks what was written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ocicat-cpio-"));
  try {
    const content = new TextEncoder().encode("five!");
    const archive = writeCpio([
      { kind: "folder", path: "bin" },
      { kind: "file", path: "bin/tool", content, mode: 0o755 },
      { kind: "file", path: "empty", content: new Uint8Array(), mode: 0o644 },
    ]);
    const child = Bun.spawn([busybox ?? "", "cpio", "-i"], {
      cwd: folder,
      stdin: archive,
      stderr: "ignore",
    });
    expect(await child.exited).toBe(0);
    const tool = Bun.file(join(folder, "bin/tool"));
    expect(await tool.text()).toBe("five!");
    expect((await tool.stat()).mode & 0o777).toBe(0o755);
    expect(await Bun.file(join(folder, "empty")).text()).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("each member begins at a multiple of four", () => {
  const archive = writeCpio([{ kind: "file", path: "a", content: new Uint8Array(3), mode: 0o644 }]);
  const text = new TextDecoder("latin1").decode(archive);
  const starts = [...text.matchAll(/070701/g)].map((match) => match.index % 4);
  expect(starts).toEqual([0, 0]);
});
