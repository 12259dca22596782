// The processes that stay beside a container when the command that started it is gone: ocicat's holder,
// Podman's conmon.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../peers/command.ts";
import { busyboxRoot } from "../peers/images.ts";
import type { Contestant } from "./contestants.ts";
import { type Leftover, leftoversSince, listProcesses } from "./memory.ts";
import { commonSession } from "./session.ts";

export interface LeftoverResult {
  readonly what: string;
  readonly processes: readonly Leftover[];
}

const NAME = "ocicat-bench-detached";
const INIT = ["/bin/sleep", "3600"];
/** By then a container has started, on a machine that is quiet enough to measure on. */
const START_MS = 2000;

export async function measureLeftovers(ocicat: Contestant): Promise<LeftoverResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-leftovers-"));
  const root = await busyboxRoot();
  try {
    const own = await measureOcicat(dirname(ocicat.command[0] ?? ""), root);
    return [own, await measurePodman(folder, root)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The client goes, as one does that lost its terminal; the holder and the container stay. */
async function measureOcicat(programs: string, root: string): Promise<LeftoverResult> {
  const before = listProcesses();
  const command = [join(programs, "ocicat"), "run", "--rm", "--name", NAME, "--rootfs", root];
  const client = Bun.spawn([...commonSession(), ...command, ...INIT], {
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
  const processes = leftoversSince(before);
  const remove = [join(programs, "ocicat-runtime"), "delete", "--force", NAME];
  await run([...commonSession(), ...remove]);
  return { what: "ocicat run", processes };
}

async function measurePodman(folder: string, root: string): Promise<LeftoverResult> {
  const podman = [
    ...commonSession(),
    "podman",
    `--root=${join(folder, "root")}`,
    `--runroot=${join(folder, "run")}`,
    "--storage-driver=vfs",
    "--runtime=crun",
  ];
  const limits = ["--ulimit=nofile=1024:4096", "--ulimit=nproc=1024:4096"];
  const alone = ["--network=none", "--cgroups=disabled", "--log-driver=k8s-file"];
  const options = ["--detach", "--name", NAME, ...limits, ...alone, "--rootfs", root];
  const before = listProcesses();
  const started = await run([...podman, "run", ...options, ...INIT]);
  await Bun.sleep(START_MS);
  const processes = leftoversSince(before);
  await run([...podman, "rm", "--force", "--time=0", NAME]);
  if (started.code !== 0) {
    throw new Error(`podman run: exit status ${started.code}\n${started.stderr}`);
  }
  return { what: "podman run --detach", processes };
}
