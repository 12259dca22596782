// Detached containers of engines, and the processes that each leaves beside the container: ocicat's
// holder, Podman's conmon.

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

interface Engine {
  readonly what: string;
  readonly start: readonly string[];
  readonly remove: readonly string[];
}

const NAME = "ocicat-bench-detached";
const INIT = ["/bin/sleep", "3600"];

export async function measureLeftovers(ocicat: Contestant): Promise<LeftoverResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-leftovers-"));
  const root = await busyboxRoot();
  try {
    const results: LeftoverResult[] = [];
    for (const engine of [ocicatEngine(ocicat, root), podmanEngine(folder, root)]) {
      results.push(await measure(engine));
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ocicatEngine(ocicat: Contestant, root: string): Engine {
  const program = join(dirname(ocicat.command[0] ?? ""), "ocicat");
  return {
    what: "ocicat run --detach",
    start: [program, "run", "--detach", "--name", NAME, "--rootfs", root, ...INIT],
    remove: [program, "runtime", "delete", "--force", NAME],
  };
}

function podmanEngine(folder: string, root: string): Engine {
  const podman = [
    "podman",
    `--root=${join(folder, "root")}`,
    `--runroot=${join(folder, "run")}`,
    "--storage-driver=vfs",
    "--runtime=crun",
  ];
  const limits = ["--ulimit=nofile=1024:4096", "--ulimit=nproc=1024:4096"];
  const alone = ["--network=none", "--cgroups=disabled", "--log-driver=k8s-file"];
  return {
    what: "podman run --detach",
    start: [...podman, "run", "-d", "--name", NAME, ...limits, ...alone, "--rootfs", root, ...INIT],
    remove: [...podman, "rm", "--force", "--time=0", NAME],
  };
}

async function measure(engine: Engine): Promise<LeftoverResult> {
  const before = listProcesses();
  const started = await run([...commonSession(), ...engine.start]);
  try {
    if (started.code !== 0) {
      throw new Error(`${engine.what}: exit status ${started.code}\n${started.stderr}`);
    }
    // What the command itself left running for a moment is not what stays.
    await Bun.sleep(1000);
    return { what: engine.what, processes: leftoversSince(before) };
  } finally {
    await run([...commonSession(), ...engine.remove]);
  }
}
