// ocicat runs as root in directories that others have filled. Bun obeys files of the working directory
// (bunfig.toml runs code, .env sets variables, tsconfig.json redirects imports) and BUN_* variables;
// none of that may reach ocicat, neither from a checkout nor built.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPILE_OPTIONS, PROGRAM_OPTIONS } from "../../tools/bundle.ts";
import { DIST, REPOSITORY } from "../../tools/repository.ts";

let folder = "";
/** A working directory that tries everything. */
let hostile = "";
/** Made by code that ran although it should not have. */
let marker = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-hostile-"));
  hostile = join(folder, "hostile");
  marker = join(folder, "marker");
  const code = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`;
  const redirect = { compilerOptions: { baseUrl: ".", paths: { "*": ["./evil.ts"] } } };
  await Promise.all([
    Bun.write(join(hostile, "evil.ts"), code),
    Bun.write(
      join(hostile, "bunfig.toml"),
      'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n',
    ),
    Bun.write(join(hostile, ".env"), "HOSTILE=from-env\n"),
    Bun.write(join(hostile, ".env.local"), "HOSTILE=from-env-local\n"),
    Bun.write(join(hostile, ".env.production"), "HOSTILE=from-env-production\n"),
    Bun.write(join(hostile, "tsconfig.json"), JSON.stringify(redirect)),
    Bun.write(join(hostile, "package.json"), JSON.stringify({ imports: { "#x": "./evil.ts" } })),
  ]);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in the hostile directory; returns its stdout and whether foreign code ran. */
function runHostile(command: readonly string[], variables: Record<string, string> = {}) {
  rmSync(marker, { force: true });
  const result = Bun.spawnSync([...command], {
    cwd: hostile,
    env: { PATH: "/usr/bin:/bin", ...variables },
    stdin: "ignore",
    timeout: 60_000,
  });
  return { output: result.stdout.toString().trim(), ranCode: existsSync(marker) };
}

/** A program in ocicat's place that says what it sees. */
const PROBE = `import { word } from "./word.ts";
await Bun.write(Bun.stdout, \`\${word} \${process.env["HOSTILE"] ?? "clean"}\\n\`);
`;

async function writeProbe(source: string): Promise<void> {
  await Bun.write(join(source, "main.ts"), PROBE);
  await Bun.write(join(source, "word.ts"), 'export const word = "ours";\n');
}

const BUN_VARIABLES = () => ({ BUN_OPTIONS: `--preload ${join(hostile, "evil.ts")}` });

test("the hostile directory works: plain Bun obeys all of it", async () => {
  await writeProbe(join(folder, "plain"));
  const program = join(folder, "plain/main.ts");
  const noConfig = join(folder, "plain/bunfig.toml");
  const ownImports = join(folder, "plain/tsconfig.json");
  await Promise.all([Bun.write(noConfig, ""), Bun.write(ownImports, "{}")]);
  const redirected = runHostile([process.execPath, `--config=${noConfig}`, program]);
  expect(redirected).toEqual({ output: "", ranCode: true });
  const preloaded = runHostile([process.execPath, `--tsconfig-override=${ownImports}`, program]);
  expect(preloaded).toEqual({ output: "ours from-env-local", ranCode: true });
});

describe("a checkout's launchers, Bun on the sources", () => {
  let checkout = "";

  beforeAll(async () => {
    checkout = join(folder, "checkout");
    await writeProbe(join(checkout, "src"));
    for (const name of ["bunfig.toml", "tsconfig.json"]) {
      cpSync(join(REPOSITORY, name), join(checkout, name));
    }
    cpSync(join(REPOSITORY, "bin"), join(checkout, "bin"), { recursive: true });
    mkdirSync(join(checkout, "dist"));
    await Bun.write(join(checkout, "dist/entry.node"), "");
    mkdirSync(join(checkout, "node_modules/.ocicat"), { recursive: true });
    symlinkSync(process.execPath, join(checkout, "node_modules/.ocicat/bun"));
    for (const name of ["ocicat", "ocicat-runtime"]) {
      chmodSync(join(checkout, "bin", name), 0o755);
    }
  });

  test.each(["ocicat", "ocicat-runtime"])("%s obeys none of it", (name) => {
    const run = runHostile([join(checkout, "bin", name)]);
    expect(run).toEqual({ output: "ours clean", ranCode: false });
  });

  test("nor BUN_* variables", () => {
    const run = runHostile([join(checkout, "bin/ocicat")], BUN_VARIABLES());
    expect(run).toEqual({ output: "ours clean", ranCode: false });
  });

  test("works through a symbolic link, and by PATH", () => {
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    symlinkSync(join(checkout, "bin/ocicat"), join(elsewhere, "ocicat"));
    expect(runHostile([join(elsewhere, "ocicat")]).output).toBe("ours clean");
    const byPath = runHostile(["/bin/sh", "-c", "ocicat"], { PATH: `${elsewhere}:/usr/bin:/bin` });
    expect(byPath.output).toBe("ours clean");
  });
});

describe("the compiled program", () => {
  test("as it is built, obeys none of it", async () => {
    await writeProbe(join(folder, "compiled"));
    const program = join(folder, "compiled/program");
    const built = await Bun.build({
      ...PROGRAM_OPTIONS,
      entrypoints: [join(folder, "compiled/main.ts")],
      compile: { ...COMPILE_OPTIONS, outfile: program },
    });
    expect(built.success).toBe(true);
    expect(runHostile([program])).toEqual({ output: "ours clean", ranCode: false });
  });

  test.each(DIST.launchers.map((path) => [path.slice(REPOSITORY.length + 1), path]))(
    "%s runs no foreign code",
    (_name, path) => {
      expect(runHostile([path, "--version"])).toHaveProperty("ranCode", false);
      expect(runHostile([path, "--version"], BUN_VARIABLES())).toHaveProperty("ranCode", false);
      expect(runHostile([path, "--version"], { BUN_BE_BUN: "1" }).output).not.toBe(Bun.version);
    },
  );
});
