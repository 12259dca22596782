// The programs that keep containers, each with a store of its own that has one small image.

import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { makeBusyboxRoot, makeLayout } from "../../../test/e2e/busybox-image.ts";
import { must } from "../../peers/command.ts";
import { DIST } from "../../repository.ts";
import { inCommonSession } from "../session.ts";

export interface EngineProgram {
  readonly name: string;
  /** The words before `run`. */
  readonly command: readonly string[];
  /** Between `run` and the image. */
  readonly runFlags: readonly string[];
  readonly image: string;
  /** The words of the removal of all containers, at once. */
  readonly removeAll: readonly string[];
  /** Of a container that runs: the process that keeps it, and its log. */
  readonly keeper: string;
}

export async function prepareEngines(folder: string): Promise<readonly EngineProgram[]> {
  mkdirSync(join(folder, "root"), { recursive: true });
  const layout = makeLayout(folder, makeBusyboxRoot(join(folder, "root")));
  return [await ocicat(folder, layout), await podman(folder, layout)];
}

async function ocicat(folder: string, _layout: string): Promise<EngineProgram> {
  const place = join(folder, "program");
  mkdirSync(place, { recursive: true });
  // Copied: contestants.ts says why.
  for (const path of [DIST.program, ...DIST.launchers]) {
    copyFileSync(path, join(place, basename(path)));
    chmodSync(join(place, basename(path)), 0o755);
  }
  const program = join(place, "ocicat");
  const environment = [
    "env",
    `OCICAT_STORE_ROOT=${folder}/store`,
    `OCICAT_STATE_ROOT=${folder}/state`,
  ];
  const command = [...environment, program];
  await inCommonSession([...command, "load", "--quiet", "--input", join(folder, "layout")]);
  const image = (await inCommonSession([...command, "images", "-q"])).trim();
  return {
    name: "ocicat",
    command,
    runFlags: [],
    image,
    removeAll: ["rm", "-f", "--all"],
    keeper: "memfd:ocicat",
  };
}

async function podman(folder: string, layout: string): Promise<EngineProgram> {
  const root = join(folder, "podman");
  const places = [`--root=${root}/root`, `--runroot=${root}/run`, `--tmpdir=${root}/tmp`];
  const settings = ["--storage-driver=overlay", "--events-backend=file"];
  const command = ["podman", ...places, ...settings, "--cgroup-manager=cgroupfs"];
  const image = (await inCommonSession([...command, "pull", "--quiet", layout])).trim();
  const version = /\d+\.\d+\.\d+/.exec(await must(["podman", "--version"]))?.[0] ?? "";
  // A root without CAP_SYS_RESOURCE can't raise what podman raises.
  const limits = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:4096"];
  const runFlags = ["--network", "none", ...limits];
  return {
    name: `podman ${version}, crun`,
    command,
    runFlags,
    image,
    removeAll: ["rm", "-f", "-t", "0", "--all"],
    keeper: "conmon",
  };
}
