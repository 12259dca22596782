// `npm run install:to -- PREFIX`: installs what `npm run build` made.
//
//   PREFIX/bin/ocicat, ocicat-runtime             the launcher
//   PREFIX/lib/ocicat/ocicat.bin                  the compiled program
//   PREFIX/lib/ocicat/ocicat.quick                short commands
//   PREFIX/lib/ocicat/entry.node                  its system calls
//   PREFIX/lib/ocicat/stage                       the stage, for looking at: the program has its own
//   PREFIX/lib/systemd/system/ocicat-boot.service   starts what has a restart policy; nothing enables it
//   PREFIX/lib/systemd/user/ocicat-boot.service     the same for an ordinary user's own
//   PREFIX/share/bash-completion/completions/...  and zsh's and fish's
//   PREFIX/share/man/man1/ocicat-*.1, man5        manual pages
//
// Every file is written beside its place and renamed: a running ocicat keeps what it has.

import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OCICAT } from "../src/cli/command-table.ts";
import { manPages } from "../src/cli/man/command-page.ts";
import { configurationPage } from "../src/cli/man/configuration-page.ts";
import { build } from "./build.ts";
import { ocicat, ocicatRuntime } from "./completions/programs.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions/shells.ts";
import { runTool } from "./processes.ts";
import { DIST, hasQuickProgram, REPOSITORY } from "./repository.ts";
import { quickjsFolder } from "./setup/quickjs.mjs";

interface CopiedFile {
  readonly from: string;
  /** Below the prefix. */
  readonly to: string;
}

const QUICK_PROGRAM = "lib/ocicat/ocicat.quick";

/** After the build. */
const programs = (): readonly CopiedFile[] => [
  { from: DIST.entry, to: "lib/ocicat/entry.node" },
  { from: DIST.program, to: "lib/ocicat/ocicat.bin" },
  { from: DIST.stage, to: "lib/ocicat/stage" },
  ...(hasQuickProgram() ? [{ from: DIST.quick, to: QUICK_PROGRAM }] : []),
  // The launchers last: they are of use when the rest is there.
  ...DIST.launchers.map((from) => ({ from, to: `bin/${basename(from)}` })),
];

/** Path below the prefix, and text. */
async function completionFiles(): Promise<[string, string][]> {
  const engine = await ocicat();
  const runtime = await ocicatRuntime();
  return [
    ["share/bash-completion/completions/ocicat", bashCompletion(engine)],
    ["share/bash-completion/completions/ocicat-runtime", bashCompletion(runtime)],
    ["share/zsh/site-functions/_ocicat", zshCompletion([engine, runtime])],
    ["share/fish/vendor_completions.d/ocicat.fish", fishCompletion(engine)],
    ["share/fish/vendor_completions.d/ocicat-runtime.fish", fishCompletion(runtime)],
  ];
}

async function manualPages(): Promise<[string, string][]> {
  const pages = [...(await manPages(["ocicat"], OCICAT)), configurationPage()];
  return pages.map(({ file, text }) => [`share/man/man${file.at(-1)}/${file}`, text]);
}

/** Of the engine in the quick program. */
async function licenses(): Promise<[string, string][]> {
  const text = Bun.file(join(quickjsFolder(REPOSITORY), "LICENSE"));
  return hasQuickProgram() ? [["share/doc/ocicat/LICENSE.QuickJS-ng", await text.text()]] : [];
}

/** `systemctl enable ocicat-boot` is the administrator's to say. */
export function bootUnit(prefix: string): string {
  return `[Unit]
Description=ocicat's containers: start those that have a restart policy, end all at the shutdown
Wants=network-online.target
After=network-online.target local-fs.target

${bootService(prefix, "systemctl")}# A container takes no longer than its stop timeout; see \`ocicat stop\`.
TimeoutStopSec=180

[Install]
WantedBy=multi-user.target
`;
}

/** A user's systemd knows no network-online.target; with lingering it begins at the boot. */
export function userBootUnit(prefix: string): string {
  return `[Unit]
Description=The user's containers of ocicat: start those that have a restart policy, end all with the user's systemd

${bootService(prefix, "systemctl --user")}# The system's systemd waits 120 s for the user's.
TimeoutStopSec=100

[Install]
WantedBy=default.target
`;
}

/** `systemctl`: of the systemd that it is a unit of. */
function bootService(prefix: string, systemctl: string): string {
  return `[Service]
Type=oneshot
RemainAfterExit=yes
# The containers' holders are not the service's to end.
KillMode=process
ExecStart=${ocicatOf(prefix)} start --after-boot
# Not when the unit alone is stopped or restarted.
ExecStop=/bin/sh -c 'test "$$(${systemctl} is-system-running)" != stopping || exec ${ocicatOf(prefix)} stop --at-shutdown'
`;
}

function ocicatOf(prefix: string): string {
  return join(prefix, "bin/ocicat");
}

/** Returns the installed paths. */
export async function installTo(prefix: string): Promise<string[]> {
  const installed: string[] = [];
  if (!hasQuickProgram()) {
    // Of another version it would be in the way.
    await rm(join(prefix, QUICK_PROGRAM), { force: true });
  }
  for (const { from, to } of programs()) {
    await replace(join(prefix, to), 0o755, (temporary) => copyFile(from, temporary));
    installed.push(join(prefix, to));
  }
  const units: [string, string][] = [
    ["lib/systemd/system/ocicat-boot.service", bootUnit(prefix)],
    ["lib/systemd/user/ocicat-boot.service", userBootUnit(prefix)],
  ];
  for (const [to, text] of [
    ...units,
    ...(await completionFiles()),
    ...(await manualPages()),
    ...(await licenses()),
  ]) {
    await replace(join(prefix, to), 0o644, (temporary) => Bun.write(temporary, text));
    installed.push(join(prefix, to));
  }
  return installed;
}

async function replace(
  target: string,
  mode: number,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await write(temporary);
  await chmod(temporary, mode);
  await rename(temporary, target);
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
    const installed = await installTo(resolve(prefix));
    console.log(installed.join("\n"));
  });
}
