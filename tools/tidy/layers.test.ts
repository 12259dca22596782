import { describe, expect, test } from "bun:test";
import { type BiomeOverride, checkLayers, forbiddenImports, parseLayerTable } from "./layers.ts";

const ARCHITECTURE = `# Architecture
error/   not in the table
## Layers, and who may import whom
Text.
\`\`\`
native/      the C programs: not a folder of src
src/         each folder imports only from folders above it
  error/     the one error type
  plan/      compiles
  sys/       system calls
  main.ts    the composition root
\`\`\`
## State
\`\`\`
  other/     not in the table
\`\`\`
`;

function override(layer: string, forbidden: readonly string[]): BiomeOverride {
  const group = forbidden.flatMap((folder) => [`../${folder}/**`, `../../${folder}/**`]);
  const options = { patterns: [{ group }, { group: ["**/util.ts"] }] };
  return {
    includes: [`src/${layer}/**`, "!**/*.test.ts"],
    linter: { rules: { style: { noRestrictedImports: { options } } } },
  };
}

const OVERRIDES = [
  override("error", ["plan", "sys"]),
  override("plan", ["sys"]),
  override("sys", []),
];
const FOLDERS = ["error", "plan", "sys"];

test("the table is the block under the heading that speaks of layers", () => {
  expect(parseLayerTable(ARCHITECTURE)).toEqual(FOLDERS);
  expect(parseLayerTable("# Architecture\n")).toEqual([]);
});

test("the folders that a layer may not import are read from its override", () => {
  expect([...forbiddenImports(OVERRIDES, "error")]).toEqual(["plan", "sys"]);
  expect([...forbiddenImports(OVERRIDES, "nowhere")]).toEqual([]);
});

describe("checkLayers", () => {
  const table = FOLDERS;

  test("is content where all agree", () => {
    expect(checkLayers({ folders: ["error", "sys"], table, overrides: OVERRIDES })).toEqual([]);
  });

  test("finds a folder that the table lacks", () => {
    const problems = checkLayers({ folders: [...FOLDERS, "new"], table, overrides: OVERRIDES });
    expect(problems).toEqual(["src/new: not in the layer table of ARCHITECTURE.md"]);
  });

  test("finds a rule that biome lacks", () => {
    const overrides = [override("error", ["sys"]), override("plan", ["sys"])];
    expect(checkLayers({ folders: FOLDERS, table, overrides })).toEqual([
      "biome.json: src/error may import src/plan, which is below it",
    ]);
  });

  test("finds that biome has no rule at all for a layer", () => {
    const overrides = [override("error", ["plan", "sys"])];
    expect(checkLayers({ folders: FOLDERS, table, overrides })).toHaveLength(1);
  });

  test("wants a table", () => {
    expect(checkLayers({ folders: FOLDERS, table: [], overrides: OVERRIDES })).toHaveLength(1);
  });
});
