// The runtimes that are compared, copied side by side.
//
// They are copied because the page cache remembers how a file got into it: pages that an exec faulted
// in one by one cost a start 2 ms more than those of a file that was written just now.

import { chmodSync, copyFileSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { must } from "../peers/command.ts";
import { currentRunc } from "../peers/go-programs.ts";
import { DIST, programFiles } from "../repository.ts";

export interface Contestant {
  /** A heading of the tables: "runc 1.1.5". */
  readonly name: string;
  /** The same for names of containers and folders: "runc-1-1-5". */
  readonly slug: string;
  /** The words that start every command: the program and its state directory. */
  readonly command: readonly string[];
  /** Size of what the command loads first. */
  readonly bytes: number;
}

/** The first is ocicat; ratios are its figure over another's. State directories go below `states`. */
export async function gatherContestants(folder: string, states: string): Promise<Contestant[]> {
  const ocicat = copyOcicat(join(folder, "ocicat"));
  return [
    await contestant(ocicat, states, statSync(DIST.program).size),
    await contestant(copyProgram("/usr/bin/crun", join(folder, "crun")), states),
    await contestant(copyProgram("/usr/sbin/runc", join(folder, "runc-debian")), states),
    await contestant(copyProgram(await currentRunc(), join(folder, "runc-current")), states),
  ];
}

async function contestant(program: string, states: string, size?: number): Promise<Contestant> {
  const name = await nameOf(program);
  const slug = name.replace(/\W+/g, "-");
  return {
    name,
    slug,
    command: [program, "--root", join(states, slug)],
    bytes: size ?? statSync(program).size,
  };
}

function copyProgram(from: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const to = join(folder, basename(from));
  copyFileSync(from, to);
  chmodSync(to, 0o755);
  return to;
}

/** The launcher finds the program beside it, so both go. Returns the path of ocicat-runtime. */
function copyOcicat(folder: string): string {
  for (const path of programFiles()) {
    copyProgram(path, folder);
  }
  return join(folder, "ocicat-runtime");
}

/** From "crun version 1.8.1", "runc version 1.1.5+ds1". */
async function nameOf(program: string): Promise<string> {
  const firstLine = (await must([program, "--version"])).split("\n")[0] ?? "";
  const version = /\d+\.\d+(?:\.\d+)?/.exec(firstLine)?.[0] ?? "";
  const name = basename(program).replace("ocicat-runtime", "ocicat");
  return `${name} ${version}`;
}
