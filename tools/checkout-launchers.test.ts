// bin/ocicat and bin/ocicat-runtime, in a checkout made of stand-ins: which of the built program and the
// sources do they run?

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { REPOSITORY } from "./repository.ts";

const BUILD_TIME = new Date("2026-01-01T12:00:00Z");
const EARLIER = new Date("2026-01-01T11:00:00Z");
const LATER = new Date("2026-01-01T13:00:00Z");

const INPUTS = [
  "src/main.ts",
  "src/plan/mounts.ts",
  "src/plan/mounts.test.ts",
  "src/stage/gen/stage-binary.ts",
  "native/stage.c",
  "package-lock.json",
  "tools/build.ts",
  "tools/bundle.ts",
  "tools/native.ts",
  "tools/quick.ts",
  "tools/quick-bundle.ts",
];

let checkout = "";

function write(path: string, text: string): void {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), text);
}

function setTime(path: string, time: Date): void {
  utimesSync(join(checkout, path), time, time);
}

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "ocicat-checkout-"));
  cpSync(join(REPOSITORY, "bin"), join(checkout, "bin"), { recursive: true });
  for (const path of INPUTS) {
    write(path, "");
  }
  write("src/main.ts", "await Bun.write(Bun.stdout, 'sources ' + process.argv.slice(2));\n");
  for (const name of ["ocicat", "ocicat-runtime"]) {
    write(`dist/${name}`, `#!/bin/sh\necho "built ${name} $*"\n`);
    chmodSync(join(checkout, "dist", name), 0o755);
  }
  write("dist/stamp", "");
  write("dist/entry.node", "");
  mkdirSync(join(checkout, "node_modules/.ocicat"), { recursive: true });
  symlinkSync(process.execPath, join(checkout, "node_modules/.ocicat/bun"));
  for (const name of ["bunfig.toml", "tsconfig.json"]) {
    cpSync(join(REPOSITORY, name), join(checkout, name));
  }
  const folders = ["src", "src/plan", "src/stage", "src/stage/gen", "native"];
  for (const path of [...INPUTS, ...folders]) {
    setTime(path, EARLIER);
  }
  setTime("dist/stamp", BUILD_TIME);
});

afterEach(() => rmSync(checkout, { recursive: true }));

function run(name = "ocicat"): string {
  const result = Bun.spawnSync([join(checkout, "bin", name), "a", "b c"], { cwd: "/" });
  return result.stdout.toString().trim() || result.stderr.toString().trim();
}

describe("a current build", () => {
  test("runs, under each name", () => {
    expect(run("ocicat")).toBe("built ocicat a b c");
    expect(run("ocicat-runtime")).toBe("built ocicat-runtime a b c");
  });

  test("is one also when a test or what the build made is newer", () => {
    setTime("src/plan/mounts.test.ts", LATER);
    setTime("src/stage/gen/stage-binary.ts", LATER);
    expect(run()).toStartWith("built");
  });
});

describe("the sources run", () => {
  test.each(INPUTS.filter((path) => !/test|gen/.test(path)))("when %s is newer", (path) => {
    setTime(path, LATER);
    expect(run()).toBe("sources a,b c");
  });

  test("when a source was deleted", () => {
    rmSync(join(checkout, "src/plan/mounts.ts"));
    expect(run()).toBe("sources a,b c");
  });

  test("when no program is built", () => {
    rmSync(join(checkout, "dist/stamp"));
    expect(run("ocicat")).toBe("sources a,b c");
  });

  test("as the runtime, by a word more", () => {
    rmSync(join(checkout, "dist/stamp"));
    expect(run("ocicat-runtime")).toBe("sources runtime,a,b c");
  });

  test("when the built program is gone", () => {
    rmSync(join(checkout, "dist/ocicat"));
    expect(run()).toBe("sources a,b c");
  });
});

test.each(["dist", "node_modules"])(
  "a checkout that is not set up says so: without %s",
  (folder) => {
    rmSync(join(checkout, "dist/stamp"));
    rmSync(join(checkout, folder), { recursive: true });
    expect(run()).toBe("ocicat: this checkout is not set up: run `npm run setup` in it");
  },
);
