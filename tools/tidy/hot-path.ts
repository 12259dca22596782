// The short path, from argv to the launch of a container, decides what the command costs. This rule
// reads the build's metafile: which chunks are loaded on that path, what they import, how large they
// are; and the sources in them for globals that are as dear as an import.

import type { SourceFile } from "./source-file.ts";

interface Import {
  readonly path: string;
  readonly kind: string;
  readonly original?: string;
  readonly external?: boolean;
}

export interface Metafile {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly Import[] }>>;
  readonly outputs: Readonly<Record<string, Output>>;
}

interface Output {
  readonly bytes: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly imports: readonly Import[];
  readonly entryPoint?: string;
}

/** Whatever chunk these are in is loaded on the short path, and so is what it imports at once. */
export const HOT_SOURCES = [
  "src/main.ts",
  "src/cli/oci/create.ts",
  "src/cli/oci/run.ts",
  "src/cli/oci/start.ts",
  "src/cli/run.ts",
  "src/engine/run.ts",
  "src/image/resolve.ts",
  "src/image/image-mount.ts",
  "src/runtime/create.ts",
  "src/runtime/run.ts",
  "src/runtime/start.ts",
  "src/plan/compile-create.ts",
  "src/stage/launch.ts",
];

/** Source text of all hot chunks, the stage's base64 included. */
export const HOT_BYTES_LIMIT = 448_000;

/** Built-in modules that the short path may import: the others cost 0.3 to 5 ms each. */
const CHEAP_MODULES = ["bun"];

/** The names of the chunks that are loaded on the short path. */
export function hotChunks(metafile: Metafile, sources = HOT_SOURCES): string[] {
  const hot = new Set<string>();
  const waiting = Object.entries(metafile.outputs)
    .filter(([, output]) => sources.some((source) => source in output.inputs))
    .map(([name]) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (!hot.has(name)) {
      hot.add(name);
      const imports = metafile.outputs[name]?.imports ?? [];
      waiting.push(...imports.filter(isLoadedAtOnce).map(({ path }) => path));
    }
  }
  return [...hot];
}

function isLoadedAtOnce({ kind }: Import): boolean {
  return kind !== "dynamic-import";
}

export function hotSources(metafile: Metafile, sources = HOT_SOURCES): string[] {
  const chunks = hotChunks(metafile, sources).map((name) => metafile.outputs[name]);
  return chunks.flatMap((output) => Object.keys(output?.inputs ?? {}));
}

export function checkHotPath(
  metafile: Metafile,
  limit = HOT_BYTES_LIMIT,
  sources = HOT_SOURCES,
): string[] {
  const chunks = hotChunks(metafile, sources);
  const absent = sources
    .filter((source) => metafile.inputs[source] === undefined)
    .map((source) => `${source}: on the short path, but not in the build`);
  const imports = hotSources(metafile, sources).flatMap((source) => dearImports(metafile, source));
  const bytes = chunks.reduce((sum, name) => sum + (metafile.outputs[name]?.bytes ?? 0), 0);
  const size = bytes > limit ? [`the short path loads ${bytes} bytes, at most ${limit}`] : [];
  return [...absent, ...imports, ...size];
}

function dearImports(metafile: Metafile, source: string): string[] {
  const imports = metafile.inputs[source]?.imports ?? [];
  return imports
    .filter((each) => each.external === true && isLoadedAtOnce(each) && !each.path.startsWith("."))
    .filter(({ path }) => !CHEAP_MODULES.includes(path))
    .map(({ path, original }) => `${source}: the short path imports "${original ?? path}"`);
}

const DEAR_GLOBALS = /\bprocess\.(?:stdout|stderr|stdin)\b|\bBuffer\.|\brequire\(/;

/** `source` is one of `hotSources`. */
export function checkHotSource(source: SourceFile): string[] {
  const code = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const match = DEAR_GLOBALS.exec(code);
  return match === null ? [] : [`${source.path}: the short path touches ${match[0]}`];
}
