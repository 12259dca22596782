// Two engines in the same state, each with folders of its own: ocicat and a peer. What they print is made
// equal where only the run differs.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandResult, must, run } from "../../tools/peers/command.ts";
import { IMAGE } from "./command-line-table.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import type { Workspace } from "./workspace.ts";

export class Contestant {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #workspace: Workspace;

  constructor(
    name: string,
    command: readonly string[],
    workspace: Workspace,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    this.#command = command;
    this.#workspace = workspace;
    this.#environment = environment;
  }

  call(line: string): Promise<CommandResult> {
    const options = { environment: this.#environment, folder: this.#workspace.folder };
    return run([...this.#command, ...this.#words(line)], options);
  }

  async must(line: string): Promise<string> {
    const options = { environment: this.#environment, folder: this.#workspace.folder };
    return await must([...this.#command, ...this.#words(line)], options);
  }

  /** New containers get no network, and their cgroups a place to be looked for. */
  #words(line: string): string[] {
    const words = splitLine(line);
    const [verb = "", ...rest] = words;
    const isNew = (verb === "run" && rest.length > 0) || verb === "create";
    const flags = ["--network", "none", "--cgroup-parent", this.#workspace.cgroupParent];
    return isNew ? [verb, ...flags, ...rest] : words;
  }

  /** web runs, job has ended with 3, idle is created; the volume data belongs to web. */
  async prepare(archive: string): Promise<void> {
    await this.must(`load -i ${archive}`);
    await this.must("volume create --label kind=test data");
    await this.must(
      `run -d --name web -l role=web -v data:/data -e GREETING=hello -m 64m --cpus 0.5 ${IMAGE} sleep 1000`,
    );
    await this.call(
      `run --name job -l role=job ${IMAGE} sh -c 'echo out; echo new > /made; exit 3'`,
    );
    await this.must(`create --name idle -h spare ${IMAGE} true`);
  }

  async clear(): Promise<void> {
    const ids = (await this.must("ps -aq")).trim().split("\n").join(" ");
    await this.call(`rm -f ${ids}`);
    await this.call(`rmi -f ${IMAGE}`);
  }
}

export function ocicat(program: string, workspace: Workspace): Contestant {
  return new Contestant("ocicat", [program], workspace, {
    OCICAT_STORE_ROOT: join(workspace.folder, "store"),
    OCICAT_STATE_ROOT: join(workspace.folder, "state"),
  });
}

export function docker(socket: string, workspace: Workspace): Contestant {
  const environment = { DOCKER_CONFIG: workspace.folder };
  return new Contestant(
    "docker",
    ["/usr/bin/docker", `--host=unix://${socket}`],
    workspace,
    environment,
  );
}

export async function podman(workspace: Workspace): Promise<Contestant> {
  const { folder } = workspace;
  const configuration = join(folder, "containers.conf");
  // podman raises limits to what root may usually have; a machine can forbid that.
  const limits = '["nofile=1024:4096", "nproc=1024:4096"]';
  const text = `[containers]\ndefault_ulimits = ${limits}\n[engine]\nevents_logger = "file"\n`;
  await writeFile(configuration, text);
  const command = [
    "podman",
    `--root=${folder}/podman`,
    `--runroot=${folder}/podman-run`,
    `--tmpdir=${folder}/podman-tmp`,
    "--cgroup-manager=cgroupfs",
    "--events-backend=file",
    "--storage-driver=overlay",
    `--runtime=${RUNTIME}`,
  ];
  return new Contestant("podman", command, workspace, { CONTAINERS_CONF: configuration });
}

/** Words with spaces between; single quotes keep theirs. */
export function splitLine(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|([^\s']+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}

const AGE =
  /Less than a second|About an? (?:minute|hour)|\d+ (?:second|minute|hour|day|week|month|year)s?/g;

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/sha256:[0-9a-f]{64}/g, "DIGEST"],
  [/\b[0-9a-f]{64}\b/g, "ID"],
  [/\b[0-9a-f]{12}\b/g, "SHORT-ID"],
  [/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+-]\d{4} [A-Z]+)/g, "TIME"],
  [AGE, "AGE"],
  [/\b\d+(?:\.\d+)?(?:[kMG]i?)?B\b/g, "SIZE"],
  [/\b\d+(?:\.\d+)?%/g, "PERCENT"],
  [/ {2,}/g, "  "],
  [/ +$/gm, ""],
];

/** Without what one run alone has: ids, moments, ages, sizes, the width of columns. */
export function comparable(text: string): string {
  return REPLACEMENTS.reduce((all, [pattern, word]) => all.replaceAll(pattern, word), text);
}
