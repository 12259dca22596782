// The processes that stay beside a container when the command that started it is gone: ocicat's holder,
// Podman's conmon.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { must, run } from "../peers/command.ts";
import { busyboxRoot } from "../peers/images.ts";
import type { Contestant } from "./contestants.ts";
import { type Leftover, listLeftovers } from "./memory.ts";
import { privateSession } from "./session.ts";

export interface LeftoverResult {
  readonly what: string;
  readonly processes: readonly Leftover[];
}

interface Place {
  /** For state, and for the note of which namespace the session has. */
  readonly folder: string;
  /** A root file system. */
  readonly root: string;
}

const NAME = "ocicat-bench-detached";
const INIT = ["/bin/sleep", "3600"];
/** By then a container has started, on a machine that is quiet enough to measure on. */
const START_MS = 2000;

export async function measureLeftovers(ocicat: Contestant): Promise<LeftoverResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-leftovers-"));
  try {
    const place = { folder, root: await busyboxRoot() };
    return [
      await measureOcicat(dirname(ocicat.command[0] ?? ""), place),
      await measurePodman(place),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The client goes, as one does that lost its terminal; the holder and the container stay. */
async function measureOcicat(programs: string, { folder, root }: Place): Promise<LeftoverResult> {
  const note = join(folder, "ocicat-namespace");
  const state = join(folder, "ocicat");
  const places = ["--root", state, "--store", join(folder, "store")];
  const options = ["--rm", "--name", NAME, ...places, "--rootfs", root];
  const command = [join(programs, "ocicat"), "run", ...options, ...INIT];
  const client = Bun.spawn([...privateSession(note), ...command], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  await Bun.sleep(START_MS);
  if (client.exitCode !== null) {
    throw new Error(`ocicat run: exit status ${client.exitCode}`);
  }
  client.kill("SIGKILL");
  await client.exited;
  const processes = listLeftovers(readFileSync(note, "utf8"));
  await must([join(programs, "ocicat"), "rm", "--force", ...places, NAME]);
  return { what: "ocicat run", processes };
}

async function measurePodman({ folder, root }: Place): Promise<LeftoverResult> {
  const note = join(folder, "podman-namespace");
  const podman = [
    ...privateSession(note),
    "podman",
    `--root=${join(folder, "root")}`,
    `--runroot=${join(folder, "run")}`,
    "--storage-driver=vfs",
    "--runtime=crun",
  ];
  const limits = ["--ulimit=nofile=1024:4096", "--ulimit=nproc=1024:4096"];
  const alone = ["--network=none", "--cgroups=disabled", "--log-driver=k8s-file"];
  const options = ["--detach", "--name", NAME, ...limits, ...alone, "--rootfs", root];
  const started = await run([...podman, "run", ...options, ...INIT]);
  await Bun.sleep(START_MS);
  const processes = listLeftovers(readFileSync(note, "utf8"));
  await run([...podman, "rm", "--force", "--time=0", NAME]);
  if (started.code !== 0) {
    throw new Error(`podman run: exit status ${started.code}\n${started.stderr}`);
  }
  return { what: "podman run --detach", processes };
}
