// `npm run install:to -- PREFIX`: installs what `npm run build` made.
//
//   PREFIX/bin/ocicat, ocicat-runtime             the launcher
//   PREFIX/lib/ocicat/ocicat.bin                  the compiled program
//   PREFIX/lib/ocicat/stage                       the stage, for looking at: the program has its own
//   PREFIX/share/bash-completion/completions/...  and zsh's and fish's
//
// Every file is written beside its place and renamed: a running ocicat keeps what it has.

import { chmod, copyFile, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "./build.ts";
import { runTool } from "./processes.ts";
import { DIST, REPOSITORY } from "./repository.ts";

interface InstalledFile {
  readonly from: string;
  /** Below the prefix. */
  readonly to: string;
  readonly mode: number;
}

const COMPLETIONS: readonly InstalledFile[] = [
  { from: "ocicat.bash", to: "share/bash-completion/completions/ocicat" },
  { from: "ocicat.bash", to: "share/bash-completion/completions/ocicat-runtime" },
  { from: "ocicat.zsh", to: "share/zsh/site-functions/_ocicat" },
  { from: "ocicat.fish", to: "share/fish/vendor_completions.d/ocicat.fish" },
  { from: "ocicat.fish", to: "share/fish/vendor_completions.d/ocicat-runtime.fish" },
].map(({ from, to }) => ({ from: join(REPOSITORY, "tools/completions", from), to, mode: 0o644 }));

export const INSTALLED_FILES: readonly InstalledFile[] = [
  { from: DIST.program, to: "lib/ocicat/ocicat.bin", mode: 0o755 },
  { from: DIST.stage, to: "lib/ocicat/stage", mode: 0o755 },
  // The launchers last: they are of use when the rest is there.
  ...DIST.launchers.map((from) => ({ from, to: `bin/${basename(from)}`, mode: 0o755 })),
  ...COMPLETIONS,
];

export async function installTo(prefix: string): Promise<void> {
  for (const { from, to, mode } of INSTALLED_FILES) {
    const target = join(prefix, to);
    await mkdir(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}`;
    await copyFile(from, temporary);
    await chmod(temporary, mode);
    await rename(temporary, target);
    console.log(target);
  }
}

if (import.meta.main) {
  await runTool(async () => {
    const [prefix, ...rest] = process.argv.slice(2);
    if (prefix === undefined || rest.length > 0) {
      console.error("usage: npm run install:to -- PREFIX");
      process.exitCode = 2;
      return;
    }
    await build();
    await installTo(resolve(prefix));
  });
}
