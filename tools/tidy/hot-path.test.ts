import { describe, expect, test } from "bun:test";
import { checkHotPath, checkHotSource, hotChunks, type Metafile } from "./hot-path.ts";

/** main loads the chunk "shared" at once, "create" for a container, "serve" for a daemon. */
const METAFILE: Metafile = {
  inputs: {
    "src/main.ts": {
      imports: [
        { path: "bun", kind: "import-statement", external: true },
        { path: "./create.js", kind: "dynamic-import", external: true },
      ],
    },
    "src/error/error.ts": { imports: [] },
    "src/cli/oci/create.ts": { imports: [] },
    "src/web/serve.ts": {
      imports: [{ path: "fs", original: "node:fs", kind: "import-statement", external: true }],
    },
  },
  outputs: {
    "./ocicat.bin": {
      bytes: 100,
      inputs: { "src/main.ts": {} },
      imports: [
        { path: "./shared.js", kind: "import-statement" },
        { path: "./create.js", kind: "dynamic-import" },
        { path: "./serve.js", kind: "dynamic-import" },
      ],
      entryPoint: "src/main.ts",
    },
    "./shared.js": { bytes: 10, inputs: { "src/error/error.ts": {} }, imports: [] },
    "./create.js": { bytes: 20, inputs: { "src/cli/oci/create.ts": {} }, imports: [] },
    "./serve.js": { bytes: 900, inputs: { "src/web/serve.ts": {} }, imports: [] },
  },
};

/** Two of those in the metafile: main loads one at once and the other later. */
const SOURCES = ["src/main.ts", "src/cli/oci/create.ts"];

const check = (metafile: Metafile, limit?: number) => checkHotPath(metafile, limit, SOURCES);

function withImport(source: string, path: string, kind: string): Metafile {
  const entry = { imports: [{ path, kind, external: true }] };
  return { ...METAFILE, inputs: { ...METAFILE.inputs, [source]: entry } };
}

test("the short path is main, the verbs that launch, and what they import at once", () => {
  expect(hotChunks(METAFILE, SOURCES).sort()).toEqual([
    "./create.js",
    "./ocicat.bin",
    "./shared.js",
  ]);
});

describe("checkHotPath", () => {
  test("leaves the cold chunks alone", () => {
    expect(check(METAFILE)).toEqual([]);
  });

  test.each([
    ["src/main.ts", "fs", "import-statement"],
    ["src/error/error.ts", "bun:sqlite", "import-statement"],
    ["src/cli/oci/create.ts", "os", "require-call"],
  ])("finds that %s imports %s", (source, path, kind) => {
    expect(check(withImport(source, path, kind))).toEqual([
      `${source}: the short path imports "${path}"`,
    ]);
  });

  test("lets the short path import later, when it is asked to", () => {
    expect(check(withImport("src/main.ts", "fs", "dynamic-import"))).toEqual([]);
  });

  test("finds too large a path", () => {
    expect(check(METAFILE, 130)).toEqual([]);
    expect(check(METAFILE, 129)).toEqual(["the short path loads 130 bytes, at most 129"]);
  });

  test("finds that it looks at nothing", () => {
    expect(check({ inputs: {}, outputs: {} })).toEqual([
      "src/main.ts: on the short path, but not in the build",
      "src/cli/oci/create.ts: on the short path, but not in the build",
    ]);
  });
});

test.each(["process.stdout.write(text)", "Buffer.from(text)", 'require("./a.ts")'])(
  "%p is too dear for the short path",
  (code) => {
    expect(checkHotSource({ path: "src/main.ts", text: `${code};\n` })).toHaveLength(1);
    expect(checkHotSource({ path: "src/main.ts", text: `// not ${code}\n` })).toEqual([]);
  },
);
