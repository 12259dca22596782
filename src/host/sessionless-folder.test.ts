import { afterAll, afterEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionlessFolder } from "./sessionless-folder.ts";

/** Nobody has a session by it. */
const STRANGER = 4_000_000_001;
const folder = mkdtempSync(join(tmpdir(), "sessionless-"));
const uid = process.getuid?.() ?? 0;
const find = () => sessionlessFolder({ effectiveUid: uid }, folder);
const hasSession = find().startsWith("/run/user/");

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(hasSession)(
  "makes a folder for this user alone, once for each run of the machine",
  () => {
    const path = find();
    expect(path).toMatch(new RegExp(`^${folder}/ocicat-${uid}-[0-9a-f]{8}$`));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(find()).toBe(path);
  },
);

test.skipIf(hasSession)("takes none that others may write to, or that is a link", () => {
  const path = find();
  chmodSync(path, 0o770);
  expect(find).toThrow("somebody else has made it");
  rmSync(path, { recursive: true });
  mkdirSync(join(folder, "other"), { mode: 0o700 });
  symlinkSync(join(folder, "other"), path);
  expect(find).toThrow("somebody else has made it");
});

test("takes none of another user's", () => {
  expect(() => sessionlessFolder({ effectiveUid: STRANGER }, folder)).toThrow(
    "somebody else has made it",
  );
});
