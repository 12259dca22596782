// A container of one of Debian's runtimes, which are known to work.

import { mkdtempSync, rmSync } from "node:fs";
import { type CommandResult, run } from "./run.ts";

/** Runs `true` in a container that the runtime itself has specified. */
export async function runTrue(runtime: string, flags: readonly string[]): Promise<CommandResult> {
  const folder = mkdtempSync("/tmp/ocicat-self-check-");
  const script = [
    `mkdir -p ${folder}/rootfs/bin && cp /bin/busybox ${folder}/rootfs/bin/true`,
    `cd ${folder} && ${runtime} spec`,
    `sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"true"/' config.json`,
    `${[runtime, ...flags].join(" ")} run self-check`,
  ];
  try {
    return await run(["sh", "-c", script.join(" && ")]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
