// `bun tools/tidy.ts`: the rules that biome cannot check. Each is a function of texts in tools/tidy/;
// here they are given the repository.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { listGenerators } from "./generate.ts";
import type { QuickBundle } from "./quick-bundle.ts";
import { BUN_FLAGS, DIST, REPOSITORY } from "./repository.ts";
import type { CheckResult } from "./testing/checks.ts";
import { checkCFiles, checkCSource } from "./tidy/c-sources.ts";
import { checkComments } from "./tidy/comments.ts";
import { checkDocument, checkLockfile, checkNamedFiles, checkScripts } from "./tidy/documents.ts";
import { checkHotPath, checkHotSource, hotSources, type Metafile } from "./tidy/hot-path.ts";
import { checkImportWork } from "./tidy/import-work.ts";
import { type BiomeOverride, checkLayers, parseLayerTable } from "./tidy/layers.ts";
import { checkLeftOut } from "./tidy/quick-program.ts";
import { readSources } from "./tidy/source-file.ts";
import { checkTestFile } from "./tidy/test-files.ts";
import { checkWording } from "./tidy/wording.ts";

const CODE = "{src,test,tools,native,bin,examples,.ci}/**/*.{ts,mjs,c,h,S,sh}";
const PROGRAMS = ["bin/*", ".ci/run"];
const DOCUMENTS = ["*.md", "docs/**/*.md"];
/** It tells of files that are gone since. */
const HISTORY = "CHANGELOG.md";

const RULES: readonly { name: string; check: () => Promise<string[]> }[] = [
  { name: "tidy: comments", check: commentsRule },
  { name: "tidy: wording", check: wordingRule },
  { name: "tidy: C sources", check: cSourcesRule },
  { name: "tidy: test files", check: testFilesRule },
  { name: "tidy: work on import", check: importWorkRule },
  { name: "tidy: layers", check: layersRule },
  { name: "tidy: short path", check: hotPathRule },
  { name: "tidy: quick program", check: quickProgramRule },
  { name: "tidy: generated code", check: generatedRule },
  { name: "tidy: documents and scripts", check: documentsRule },
];

export async function checkRepository(): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, check } of RULES) {
    results.push({ name, problems: await check() });
  }
  return results;
}

async function commentsRule(): Promise<string[]> {
  return (await readSources(CODE, ...PROGRAMS)).flatMap(checkComments);
}

async function wordingRule(): Promise<string[]> {
  const sources = await readSources(CODE, ...PROGRAMS, ...DOCUMENTS, "*.json");
  // The rule and its test have to name what they forbid.
  return sources
    .filter(({ path }) => !path.startsWith("tools/tidy/wording."))
    .flatMap(checkWording);
}

async function cSourcesRule(): Promise<string[]> {
  const sources = await readSources("{src,native,tools}/**/*.{c,h,S}");
  return [...checkCFiles(sources.map(({ path }) => path)), ...sources.flatMap(checkCSource)];
}

async function testFilesRule(): Promise<string[]> {
  return (await readSources("{src,test,tools,examples}/**/*.test.ts")).flatMap(checkTestFile);
}

/** What programs begin with. */
const BEGINNINGS = ["src/main.ts", "src/quick/globals.ts", "src/quick/main.ts"];

async function importWorkRule(): Promise<string[]> {
  const sources = await readSources("src/**/*.ts");
  return sources
    .filter(({ path }) => !BEGINNINGS.includes(path) && !path.endsWith(".test.ts"))
    .flatMap(checkImportWork);
}

async function layersRule(): Promise<string[]> {
  const architecture = Bun.file(join(REPOSITORY, "ARCHITECTURE.md"));
  const biome: { overrides: BiomeOverride[] } = await Bun.file(
    join(REPOSITORY, "biome.json"),
  ).json();
  const entries = readdirSync(join(REPOSITORY, "src"), { withFileTypes: true });
  return checkLayers({
    folders: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    table: parseLayerTable((await architecture.exists()) ? await architecture.text() : ""),
    overrides: biome.overrides,
  });
}

async function hotPathRule(): Promise<string[]> {
  const file = Bun.file(DIST.metafile);
  if (!(await file.exists())) {
    return ["dist/metafile.json: missing, run `npm run build`"];
  }
  const metafile: Metafile = await file.json();
  const sources = await readSources(...hotSources(metafile));
  return [...checkHotPath(metafile), ...sources.flatMap(checkHotSource)];
}

async function quickProgramRule(): Promise<string[]> {
  const file = Bun.file(DIST.quickMetafile);
  // Without the sources of its engine there is no quick program.
  if (!(await file.exists())) {
    return [];
  }
  const { leftOut }: QuickBundle = await file.json();
  return checkLeftOut(leftOut);
}

async function generatedRule(): Promise<string[]> {
  const generators = listGenerators();
  const problems = await Promise.all(
    generators.map(async (generator) => {
      const command = [process.execPath, ...BUN_FLAGS, generator, "--check"];
      const child = Bun.spawn(command, { cwd: REPOSITORY, stdin: "ignore", stderr: "inherit" });
      const status = await child.exited;
      return status === 0 ? [] : [`${generator}: what it made differs, run \`npm run generate\``];
    }),
  );
  return problems.flat();
}

async function documentsRule(): Promise<string[]> {
  const manifest: { scripts: Record<string, string> } = await Bun.file(
    join(REPOSITORY, "package.json"),
  ).json();
  const scripts = Object.keys(manifest.scripts);
  const documents = await readSources(...DOCUMENTS);
  const ofToday = documents.filter(({ path }) => path !== HISTORY);
  const exists = (path: string): boolean => existsSync(join(REPOSITORY, path));
  return [
    ...documents.flatMap((document) => checkDocument(document, scripts)),
    ...ofToday.flatMap((document) => checkNamedFiles(document, exists)),
    ...checkScripts(scripts),
    ...checkLockfile(await Bun.file(join(REPOSITORY, "package-lock.json")).text()),
  ];
}

if (import.meta.main) {
  const failed = (await checkRepository()).filter(({ problems }) => problems.length > 0);
  for (const { name, problems } of failed) {
    console.error([name, ...problems].join("\n  "));
  }
  process.exitCode = failed.length === 0 ? 0 : 1;
}
