// The TypeScript of the quick program (native/quick.c): the short commands, in chunks of JavaScript.
//
// Its engine has the language and what src/quick/ adds to it, and none of Bun's own. A module that is
// import()ed and needs more, itself or by what it imports, stays out: where the code asks for it, the compiled
// program takes over (src/quick/fall-back.ts). A module that every command loads must not need more.

import { dirname, join, relative, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { type ImportGraph, loadedWith, readImports } from "./bundle.ts";
import { REPOSITORY } from "./repository.ts";

const ENTRY_POINT = "src/quick/main.ts";
/** Executed before all others. */
export const GLOBALS = "src/quick/globals.ts";

/** What a module of Bun's is replaced by. */
const REPLACED: ReadonlyMap<string, string> = new Map([
  ["src/config/toml.ts", "src/quick/toml.ts"],
  ["src/engine/events/fold-events.ts", "src/quick/fold-events.ts"],
  ["src/image/content/metadata.ts", "src/quick/metadata.ts"],
  ["src/sys/native-entry.ts", "src/quick/native-entry.ts"],
  ["src/sys/descriptor-loop.ts", "src/quick/descriptor-loop.ts"],
]);

/** They stay out, too. */
const LEFT_TO_THE_OTHER = [
  // It leads to all commands, and the quick program has those of quick-commands.ts.
  "src/cli/command-table.ts",
  // What is remembered of the image is forgotten in the end, when the container has been.
  "src/cli/run/remove-image.ts",
  // A new pod comes before its container, which may need more.
  "src/engine/pods/with-new-pod.ts",
];

/** What src/quick/globals.ts has of Bun. */
const KNOWN_TO_BUN = new Set(["CryptoHasher", "main", "nanoseconds", "SHA256", "sleep", "which"]);

/** What else of a JavaScript runtime's the program's modules use, and the engine has not. */
const FOREIGN_NAMES = [
  "AbortController",
  "AbortSignal",
  "Buffer",
  "FormData",
  "Intl",
  "ReadableStream",
  "Request",
  "Response",
  "URL",
  "WebSocket",
  "Worker",
  "fetch",
  "setInterval",
  "structuredClone",
];
const FOREIGN = new RegExp(`\\b(?:${FOREIGN_NAMES.join("|")})\\b(?=[.(])`);
const FOREIGN_OF_PROCESS = /\bprocess\.(?:emit|kill|off|on|once|stderr|stdin|stdout)\b/;

/** A module that stays out, and who asks for it. */
export interface LeftOut {
  readonly asks: string;
  readonly wanted: string;
}

export interface QuickBundle {
  /** Names of files in the folder, in the order of their execution. */
  readonly modules: readonly string[];
  /** Sorted. */
  readonly leftOut: readonly LeftOut[];
}

/** Writes the chunks into a folder. Throws what Bun has to say when the sources cannot be bundled. */
export async function bundleQuick(folder: string): Promise<QuickBundle> {
  const graph = await readImports(ENTRY_POINT, REPLACED);
  const foreign = await foreignModules(graph);
  const outside = outsideOf(graph, foreign);
  const result = await Bun.build({
    target: "bun",
    format: "esm",
    minify: true,
    splitting: true,
    entrypoints: [ENTRY_POINT, GLOBALS].map((path) => resolve(REPOSITORY, path)),
    outdir: folder,
    naming: { entry: "[name].js", chunk: "[name]-[hash].js" },
    // As in the compiled program.
    define: { "import.meta.dir": '"/$bunfs/root"' },
    plugins: [replaceModules(outside)],
  });
  const names = result.outputs.map(({ path }) => relative(folder, path));
  const first = ["globals.js", "main.js"];
  return {
    modules: [...first, ...names.filter((name) => !first.includes(name)).sort()],
    leftOut: leftOutOf(graph, { foreign, outside }),
  };
}

function sourceOf(module: string): string {
  return resolve(REPOSITORY, REPLACED.get(module) ?? module);
}

async function foreignModules(graph: ImportGraph): Promise<ReadonlySet<string>> {
  const foreign = new Set<string>();
  for (const module of graph.keys()) {
    if (needsMore(await Bun.file(sourceOf(module)).text())) {
      foreign.add(module);
    }
  }
  return foreign;
}

/** Whether a module's own text does. */
export function needsMore(source: string): boolean {
  const transpiler = new Bun.Transpiler({ loader: "ts", target: "bun" });
  const imports = transpiler.scanImports(source).map(({ path }) => path);
  if (imports.some((path) => !path.startsWith("."))) {
    return true;
  }
  const code = withoutTexts(transpiler.transformSync(source));
  const ofBun = [...code.matchAll(/\bBun\.(\w+)/g)].map(([, name = ""]) => name);
  const needsBun = ofBun.some((name) => !KNOWN_TO_BUN.has(name));
  return needsBun || FOREIGN.test(code) || FOREIGN_OF_PROCESS.test(code);
}

/** What a template says is text, too, but for what is between its braces. */
function withoutTexts(code: string): string {
  const withoutStrings = code.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  return withoutStrings.replace(/`(?:[^`\\]|\\.)*`/g, (template) =>
    [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, inside]) => `(${inside})`).join(" "),
  );
}

/** The import()ed modules that need more, or lead to one that does. */
function outsideOf(graph: ImportGraph, foreign: ReadonlySet<string>): ReadonlySet<string> {
  const targets = [...graph.values()].flatMap(({ later }) => later);
  const outside = targets.filter((target) =>
    loadedWith(target, graph).some((module) => foreign.has(module)),
  );
  return new Set([...outside, ...LEFT_TO_THE_OTHER]);
}

interface Kept {
  readonly foreign: ReadonlySet<string>;
  readonly outside: ReadonlySet<string>;
}

/** Those that modules inside ask for. Throws for one that is loaded whatever the command. */
function leftOutOf(graph: ImportGraph, { foreign, outside }: Kept): LeftOut[] {
  const inside = new Set<string>();
  const leftOut: LeftOut[] = [];
  const waiting = [ENTRY_POINT];
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    for (const module of loadedWith(root, graph)) {
      if (inside.has(module)) {
        continue;
      }
      if (foreign.has(module)) {
        throw new Error(
          `${module}: the quick program loads it, and its engine has less than it needs`,
        );
      }
      inside.add(module);
      const wanted = new Set(graph.get(module)?.later);
      waiting.push(...wanted.difference(outside));
      leftOut.push(
        ...[...wanted.intersection(outside)].map((each) => ({ asks: module, wanted: each })),
      );
    }
  }
  return leftOut.sort((a, b) => textOf(a).localeCompare(textOf(b)));
}

const textOf = ({ asks, wanted }: LeftOut): string => `${asks} ${wanted}`;

function replaceModules(outside: ReadonlySet<string>): BunPlugin {
  return {
    name: "replace-modules",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer, kind }) => {
        const module = relative(REPOSITORY, join(dirname(importer), path));
        const isLeftOut = kind === "dynamic-import" && outside.has(module);
        return isLeftOut ? { path: module, external: true } : undefined;
      });
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const other = REPLACED.get(relative(REPOSITORY, path));
        return other === undefined
          ? undefined
          : {
              contents: `export * from ${JSON.stringify(resolve(REPOSITORY, other))};`,
              loader: "ts",
            };
      });
    },
  };
}
