// Three places tell the order of the layers: the folders of src/, the table in ARCHITECTURE.md, and
// the import rules of biome.json. They have to agree.
//
// The table is the fenced block after the heading that has "layers" in it, one folder of src/ a line,
// indented (a line that is not indented tells of another folder):
//
//     src/
//       error/     the one error type
//       abi/       kernel numbers

/** The folders of the table, in order. */
export function parseLayerTable(architecture: string): string[] {
  const section = /^#+ .*layers.*$([\s\S]*?)(?=^#+ |$(?![\s\S]))/im.exec(architecture)?.[1] ?? "";
  const block = /^```\w*\n([\s\S]*?)^```/m.exec(section)?.[1] ?? "";
  return block.split("\n").flatMap((line) => {
    const match = /^\s+([a-z][a-z-]*)\/\s{2,}\S/.exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

export interface BiomeOverride {
  readonly includes?: readonly string[];
  readonly linter?: {
    readonly rules?: {
      readonly style?: {
        readonly noRestrictedImports?: {
          readonly options?: {
            readonly patterns?: readonly { readonly group: readonly string[] }[];
          };
        };
      };
    };
  };
}

/** The folders that biome.json keeps the files of `layer` from importing. */
export function forbiddenImports(overrides: readonly BiomeOverride[], layer: string): Set<string> {
  const override = overrides.find(
    ({ includes, linter }) =>
      includes?.[0] === `src/${layer}/**` &&
      linter?.rules?.style?.noRestrictedImports !== undefined,
  );
  const patterns = override?.linter?.rules?.style?.noRestrictedImports?.options?.patterns ?? [];
  const folders = patterns.flatMap(({ group }) => group).flatMap(forbiddenFolder);
  return new Set(folders);
}

function forbiddenFolder(pattern: string): string[] {
  const folder = /^\.\.\/([a-z-]+)\/\*\*$/.exec(pattern)?.[1];
  return folder === undefined ? [] : [folder];
}

export interface LayerSources {
  /** The folders of src/. */
  readonly folders: readonly string[];
  /** Those of the table in ARCHITECTURE.md. */
  readonly table: readonly string[];
  readonly overrides: readonly BiomeOverride[];
}

export function checkLayers({ folders, table, overrides }: LayerSources): string[] {
  if (table.length === 0) {
    return ["ARCHITECTURE.md: no table of layers"];
  }
  const unlisted = folders
    .filter((folder) => !table.includes(folder))
    .map((folder) => `src/${folder}: not in the layer table of ARCHITECTURE.md`);
  return [
    ...unlisted,
    ...table.flatMap((layer, index) => checkRule(layer, table.slice(index + 1))),
  ];

  function checkRule(layer: string, later: readonly string[]): string[] {
    const forbidden = forbiddenImports(overrides, layer);
    return later
      .filter((folder) => !forbidden.has(folder))
      .map((folder) => `biome.json: src/${layer} may import src/${folder}, which is below it`);
  }
}
