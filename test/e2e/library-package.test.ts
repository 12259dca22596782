// The package that `npm run pack` makes, in a project of its own: a strict program compiles with it, whatever
// its compiler is told, and runs.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "../../tools/pack.ts";
import { REPOSITORY } from "../../tools/repository.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const place = new RuntimePlace();
const project = join(place.folder, "project");
const installed = join(project, "node_modules/ocicat");

/** As strict as TypeScript is, and without what our own sources need of it. */
const STRICT = {
  target: "ESNext",
  lib: ["ESNext"],
  types: ["bun"],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
};

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  const archive = await pack(join(place.folder, "packed"));
  // As npm unpacks it.
  expect(
    Bun.spawnSync(["tar", "-xzf", archive, "--strip-components=1", "-C", installed]).exitCode,
  ).toBe(0);
  for (const name of ["@types", "bun-types"]) {
    symlinkSync(join(REPOSITORY, "node_modules", name), join(project, "node_modules", name));
  }
  copyFileSync(join(import.meta.dir, "embedding-program.ts"), join(project, "main.ts"));
  for (const example of ["embed.ts", "containers.ts"]) {
    copyFileSync(join(REPOSITORY, "examples", example), join(project, example));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
}, 240_000);

afterEach(() => expect(place.close()).toEqual([]));
afterAll(() => place.remove());

function compile(options: object): string {
  const document = { compilerOptions: { ...STRICT, ...options }, include: ["*.ts"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(document));
  const tsc = join(REPOSITORY, "node_modules/.bin/tsc");
  return Bun.spawnSync([tsc, "-p", project]).stdout.toString();
}

test("has no tests of ours, and what a program needs", () => {
  const files = ["src/api/runtime.ts", "src/stage/gen/stage-binary.ts", "LICENSE", "README.md"];
  const built = ["dist/types/api/runtime.d.ts", "dist/entry.node"];
  for (const file of [...files, ...built, "examples/embed.ts"]) {
    expect([file, existsSync(join(installed, file))]).toEqual([file, true]);
  }
  expect([...new Bun.Glob("**/*.test.ts").scanSync(installed)]).toEqual([]);
});

describe.each([
  ["Preserve", "bundler"],
  ["NodeNext", "NodeNext"],
])("with modules as in %s, found as by %s", (module, moduleResolution) => {
  test("strict programs compile", () => {
    expect(compile({ module, moduleResolution })).toBe("");
  });

  test("and one that is wrong does not: the types are there", () => {
    const wrong = join(project, "wrong.ts");
    writeFileSync(wrong, 'import { kill } from "ocicat/runtime";\nkill({ id: 7 });\n');
    const output = compile({ module, moduleResolution });
    Bun.spawnSync(["rm", wrong]);
    expect(output).toContain("wrong.ts(2,8): error TS2322: Type 'number' is not assignable");
  });
});

const SEEN = {
  listing: true,
  created: "created",
  executed: 6,
  paused: "paused",
  listed: ["embedded running"],
  processes: 1,
  limit: 50,
  refused: "wrong-state",
  killed: 137,
  gone: "not-found",
  ran: 5,
  version: "1.3.0",
};

function resultOf(...program: string[]): unknown {
  const command = [...program, place.container().bundle, place.stateRoot];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: project, stdin: "ignore" });
  expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout.toString());
}

describe.skipIf(NEEDS_ROOT)("the program (as root)", () => {
  test("runs", () => {
    expect(resultOf(process.execPath, "main.ts")).toEqual(SEEN);
  });

  test("runs when it is compiled, with the file of the system calls beside it", () => {
    const folder = join(project, "compiled");
    const compile = ["build", "--compile", "main.ts", "--outfile", join(folder, "main")];
    expect(Bun.spawnSync([process.execPath, ...compile], { cwd: project }).exitCode).toBe(0);
    copyFileSync(join(installed, "dist/entry.node"), join(folder, "entry.node"));
    expect(resultOf(join(folder, "main"))).toEqual(SEEN);
  });
});
