// Makes the compiled program of src/main.ts, with what is loaded together in one chunk.
//
// Bun puts each module into a chunk by the set of import()s that lead to it. With a hundred commands that
// are import()ed, what a short command needs would be spread over dozens of chunks, each of which is
// found, linked and evaluated on its own: 7 % of all that `ocicat run` takes. Here every import()ed module
// also imports the whole of what is loaded before it anyway (a LoadGroup). All modules of a group are then
// reached by the same set, and share a chunk.

import { dirname, relative, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { REPOSITORY } from "./repository.ts";

const ENTRY_POINT = "src/main.ts";

/** What is loaded whenever one of `roots` is, and `more`, for whoever is import()ed behind it. */
interface LoadGroup {
  readonly name: string;
  readonly roots: readonly string[];
  /** Only what is loaded with each of the roots. */
  readonly hasWhatAllLoad?: boolean;
  readonly more?: readonly string[];
  /** `needs`: it imports a module of the group. */
  readonly isBehind: (target: string, needs: boolean) => boolean;
}

const COMMANDS_ON_CONTAINERS = ["attach", "container-ended", "kill", "rm", "start", "stop"];

/** The first of them that has a module keeps it. */
const GROUPS: readonly LoadGroup[] = [
  {
    name: "the-short-path",
    roots: [ENTRY_POINT],
    // Small, and what `run` shares with verbs of the OCI command line that nobody waits for.
    more: [
      "src/abi/syscall-tables/names.ts",
      "src/cli/describe-failure.ts",
      "src/cli/find-entry.ts",
      "src/cli/quick-commands.ts",
      "src/error/similar-words.ts",
      "src/oci/default-spec.ts",
      "src/oci/encode.ts",
    ],
    isBehind: () => true,
  },
  {
    name: "what-every-command-needs",
    roots: ["src/cli/main.ts"],
    isBehind: (target) => /^src\/cli\/(?!oci\/|main\.ts)/.test(target),
  },
  {
    name: "what-exec-and-run-need",
    roots: ["src/cli/containers/exec.ts", "src/cli/run.ts"],
    hasWhatAllLoad: true,
    isBehind: (_, needs) => needs,
  },
  {
    name: "what-runs-containers",
    roots: ["src/cli/run.ts"],
    isBehind: (_, needs) => needs,
  },
  {
    name: "what-enters-containers",
    roots: ["src/cli/containers/exec.ts"],
    isBehind: (_, needs) => needs,
  },
  {
    name: "what-looks-after-containers",
    roots: COMMANDS_ON_CONTAINERS.map((name) => `src/cli/containers/${name}.ts`),
    isBehind: (_, needs) => needs,
  },
];

/** Paths are relative to the repository. */
export interface Imports {
  readonly atOnce: readonly string[];
  readonly later: readonly string[];
}

export type ImportGraph = ReadonlyMap<string, Imports>;

export interface Bundle {
  /** The executable. */
  readonly outfile: string;
  readonly metafile: string;
}

/** Throws what Bun has to say when the sources cannot be bundled. */
export async function bundleProgram({ outfile, metafile }: Bundle): Promise<void> {
  const result = await Bun.build({
    ...PROGRAM_OPTIONS,
    entrypoints: [resolve(REPOSITORY, ENTRY_POINT)],
    compile: { ...COMPILE_OPTIONS, outfile },
    // Cold code stays in chunks of its own, that a short command never loads.
    splitting: true,
    metafile: true,
    plugins: [loadTogether(await readImports(ENTRY_POINT))],
  });
  await Bun.write(metafile, JSON.stringify(result.metafile));
}

export const PROGRAM_OPTIONS = {
  target: "bun",
  format: "esm",
  minify: true,
  bytecode: true,
} as const;

export const COMPILE_OPTIONS = {
  // No JIT, hence no compiler threads, on the short path; a daemon switches it on at run time.
  jitPolicy: 100,
  // These would read, and run code from, the working directory.
  autoloadDotenv: false,
  autoloadBunfig: false,
  autoloadTsconfig: false,
  autoloadPackageJson: false,
} as const;

function loadTogether(graph: ImportGraph): BunPlugin {
  const groups = membersOf(graph);
  const targets = new Set([...graph.values()].flatMap(({ later }) => later));
  return {
    name: "load-together",
    setup(build) {
      build.onResolve({ filter: /^group:/ }, ({ path }) => ({
        path: path.slice("group:".length),
        namespace: "group",
      }));
      build.onLoad({ filter: /.*/, namespace: "group" }, ({ path }) => ({
        contents: importLines((groups.get(path) ?? []).map((each) => resolve(REPOSITORY, each))),
        loader: "ts",
      }));
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const source = relative(REPOSITORY, path);
        const isBeginning = source === ENTRY_POINT || targets.has(source);
        const behind = isBeginning ? groupsBehind(source, graph, groups) : [];
        const prefix = importLines(behind.map(({ name }) => `group:${name}`));
        return { contents: `${prefix}${await Bun.file(path).text()}`, loader: "ts" };
      });
    },
  };
}

function groupsBehind(
  target: string,
  graph: ImportGraph,
  members: ReadonlyMap<string, readonly string[]>,
): readonly LoadGroup[] {
  const loaded = new Set(loadedWith(target, graph));
  return GROUPS.filter(({ name, isBehind }) =>
    isBehind(
      target,
      (members.get(name) ?? []).some((member) => loaded.has(member)),
    ),
  );
}

function importLines(modules: readonly string[]): string {
  return modules.map((module) => `import ${JSON.stringify(module)};`).join("");
}

function membersOf(graph: ImportGraph): ReadonlyMap<string, readonly string[]> {
  const taken = new Set<string>();
  const members = new Map<string, readonly string[]>();
  for (const group of GROUPS) {
    const { name, roots } = group;
    const loaded = loadedByGroup(group, graph);
    // A root is a chunk's beginning: whoever imported it would execute it.
    const own = loaded.filter((module) => !taken.has(module) && !roots.includes(module));
    members.set(name, [...new Set(own)]);
    for (const module of loaded) {
      taken.add(module);
    }
  }
  return members;
}

function loadedByGroup({ roots, more = [], hasWhatAllLoad }: LoadGroup, graph: ImportGraph) {
  const sets = [...roots, ...more].map((module) => new Set(loadedWith(module, graph)));
  const all = [...new Set(sets.flatMap((loaded) => [...loaded]))];
  return hasWhatAllLoad === true
    ? all.filter((module) => sets.every((loaded) => loaded.has(module)))
    : all;
}

export function loadedWith(root: string, graph: ImportGraph): string[] {
  const loaded = new Set<string>();
  const waiting = [root];
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (!loaded.has(module)) {
      loaded.add(module);
      waiting.push(...(graph.get(module)?.atOnce ?? []));
    }
  }
  return [...loaded];
}

/**
 * Who imports whom, of the program's own modules that `entryPoint` leads to. `replaced`: modules that have the
 * text of another one.
 */
export async function readImports(
  entryPoint: string,
  replaced: ReadonlyMap<string, string> = new Map(),
): Promise<ImportGraph> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const graph = new Map<string, Imports>();
  const waiting = [entryPoint];
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (graph.has(module)) {
      continue;
    }
    const source = resolve(REPOSITORY, replaced.get(module) ?? module);
    const text = await Bun.file(source).text();
    const folder = dirname(source);
    const found = transpiler.scanImports(text).filter(({ path }) => /^\..*\.ts$/.test(path));
    const pathsOf = (isLater: boolean): string[] =>
      found
        .filter(({ kind }) => (kind === "dynamic-import") === isLater)
        .map(({ path }) => relative(REPOSITORY, resolve(folder, path)));
    const imports = { atOnce: pathsOf(false), later: pathsOf(true) };
    graph.set(module, imports);
    waiting.push(...imports.atOnce, ...imports.later);
  }
  return graph;
}
