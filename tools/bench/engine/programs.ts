// The programs that keep containers, each with a store of its own that has one small image.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot, makeLayout } from "../../../test/e2e/busybox-image.ts";
import { startDockerd } from "../../../test/peers/daemons.ts";
import { Workspace } from "../../../test/peers/workspace.ts";
import { must } from "../../peers/command.ts";
import { writeImageArchive } from "../../peers/images.ts";
import { removePodmanCgroups } from "../../peers/podman-cgroups.ts";
import { copyOcicat, daemonsOf, nameOf, podmanCommand } from "../images/programs.ts";
import { commonSession } from "../session.ts";
import { stateFolder } from "../usual-disk.ts";

export interface EngineProgram {
  readonly name: string;
  /** The words before `run`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Between `run` and the image. */
  readonly runFlags: readonly string[];
  /** More of them, for a log in a file, of any size. */
  readonly logFlags: readonly string[];
  readonly image: string;
  /** A shell's: removes all containers. */
  readonly removeAll: string;
  /** Of a container that runs: the process that keeps it, and its log. */
  readonly keeper: string;
  /** What has to run beside the keepers. */
  readonly daemons: readonly number[];
}

export interface EnginePrograms extends AsyncDisposable {
  /** The first is ocicat. */
  readonly all: readonly [EngineProgram, ...EngineProgram[]];
}

const IMAGE = "bench.test/busybox:latest";

export async function startEngines(folder: string): Promise<EnginePrograms> {
  const stack = new AsyncDisposableStack();
  try {
    mkdirSync(join(folder, "root"), { recursive: true });
    makeLayout(folder, makeBusyboxRoot(join(folder, "root")));
    const layout = join(folder, "layout");
    const workspace = stack.adopt(await Workspace.make("bench-engine"), (each) => each.remove());
    const dockersState = join(workspace.folder, "docker-run");
    mkdirSync(dockersState);
    await must(["mount", "-t", "tmpfs", "states", dockersState]);
    const dockerd = stack.adopt(await startDockerd(workspace, "runc"), (each) => each.stop());
    const all = [
      await ocicat(folder, layout),
      await podman(folder, layout),
      await docker(dockerd.socket, workspace.folder, layout),
    ] as const;
    stack.defer(async () => {
      for (const program of all) {
        await removeAll(program);
      }
      removePodmanCgroups();
    });
    return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Runs a program's command, which has to succeed; returns its standard output. */
export function callEngine(
  { command, environment }: Pick<EngineProgram, "command" | "environment">,
  words: readonly string[],
): Promise<string> {
  return must([...commonSession(), ...command, ...words], { seconds: 600, environment });
}

export async function removeAll({ removeAll: script, environment }: EngineProgram): Promise<void> {
  await must([...commonSession(), "sh", "-c", script], { seconds: 600, environment });
}

async function ocicat(folder: string, layout: string): Promise<EngineProgram> {
  const environment = {
    OCICAT_CONFIG: "",
    OCICAT_STORE_ROOT: join(folder, "store"),
    OCICAT_STATE_ROOT: join(stateFolder(folder), "ocicat"),
  };
  const command = [copyOcicat(folder)];
  await callEngine({ command, environment }, ["load", "--quiet", "--input", layout]);
  const image = await callEngine({ command, environment }, ["images", "-q"]);
  return {
    name: "ocicat",
    command,
    environment,
    runFlags: [],
    logFlags: [],
    image: image.trim(),
    removeAll: `${command.join(" ")} rm -f --all`,
    keeper: "memfd:ocicat",
    daemons: [],
  };
}

async function podman(folder: string, layout: string): Promise<EngineProgram> {
  const command = [...podmanCommand(folder), "--cgroup-manager=cgroupfs"];
  const image = await callEngine({ command, environment: {} }, ["pull", "-q", `oci:${layout}`]);
  // A root without CAP_SYS_RESOURCE can't raise what podman raises.
  const limits = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:4096"];
  return {
    name: `${await nameOf(["podman", "--version"])}, crun`,
    command,
    environment: {},
    runFlags: ["--network", "none", ...limits],
    logFlags: ["--log-driver", "k8s-file"],
    image: image.trim(),
    removeAll: `${command.join(" ")} rm -f -t 0 --all`,
    keeper: "conmon",
    daemons: [],
  };
}

async function docker(socket: string, folder: string, layout: string): Promise<EngineProgram> {
  const command = ["/usr/bin/docker", "--config", folder, "--host", `unix://${socket}`];
  const archive = join(folder, "image.tar");
  await writeImageArchive(layout, IMAGE, archive);
  await callEngine({ command, environment: {} }, ["load", "--quiet", "--input", archive]);
  const client = command.join(" ");
  return {
    name: `${await nameOf(["/usr/bin/docker", "--version"])}, runc`,
    command,
    environment: {},
    runFlags: ["--network", "none"],
    logFlags: ["--log-driver", "json-file"],
    image: IMAGE,
    removeAll: `ids=$(${client} ps -aq); test -z "$ids" || ${client} rm -f $ids`,
    keeper: "containerd-shim",
    daemons: await daemonsOf(folder),
  };
}
