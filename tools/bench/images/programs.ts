// The programs that keep images, each with a store of its own in the folder of the benchmark: what their
// commands are, and how their stores become empty.

import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { startContainerd, startDockerd } from "../../../test/peers/daemons.ts";
import { Workspace } from "../../../test/peers/workspace.ts";
import { must, run } from "../../peers/command.ts";
import { programFiles } from "../../repository.ts";
import { stateFolder } from "../usual-disk.ts";
import { setAside } from "./set-aside.ts";

export interface Program {
  readonly name: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly daemons?: readonly number[];
  /** Removes all images. */
  readonly empty: () => Promise<void>;
  /** From a registry on loopback. */
  readonly pull: (reference: string) => readonly string[];
  /** Of a docker archive; undefined: it can't. */
  readonly load: ((archive: string) => readonly string[]) | undefined;
  readonly remove: ((reference: string) => readonly string[]) | undefined;
}

export interface Programs extends AsyncDisposable {
  readonly ocicat: Program;
  /** The same, with directories in place of EROFS. */
  readonly directories: Program;
  readonly peers: readonly Program[];
}

export async function startPrograms(folder: string): Promise<Programs> {
  const stack = new AsyncDisposableStack();
  try {
    const workspace = stack.adopt(await Workspace.make("bench"), (each) => each.remove());
    const containerd = stack.adopt(await startContainerd(workspace), (each) => each.stop());
    const docker = await Workspace.make("bench-docker");
    stack.adopt(docker, (each) => each.remove());
    const dockerd = stack.adopt(await startDockerd(docker), (each) => each.stop());
    const ocicat = copyOcicat(folder);
    return {
      ocicat: ocicatProgram(ocicat, folder, "erofs"),
      directories: ocicatProgram(ocicat, folder, "directory"),
      peers: [
        await podman(folder),
        await ctr(containerd.socket, await daemonsOf(workspace.folder)),
        await dockerProgram(dockerd.socket, await daemonsOf(docker.folder)),
      ],
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The launcher finds the program beside it. */
export function copyOcicat(folder: string): string {
  const target = join(folder, "program");
  mkdirSync(target, { recursive: true });
  for (const path of programFiles()) {
    copyFileSync(path, join(target, basename(path)));
    chmodSync(join(target, basename(path)), 0o755);
  }
  return join(target, "ocicat");
}

function ocicatProgram(program: string, folder: string, format: "erofs" | "directory"): Program {
  const store = join(folder, `ocicat-${format}`);
  const flags = ["--store", store];
  return {
    name: format === "erofs" ? "ocicat" : "ocicat, directories",
    environment: { OCICAT_CONFIG: "", OCICAT_STORAGE_FORMAT: format },
    empty: () => setAside(folder, store),
    pull: (reference) => [program, "pull", "--quiet", ...flags, reference],
    load: (archive) => [program, "load", "--quiet", ...flags, "--input", archive],
    remove: (reference) => [program, "rmi", ...flags, reference],
  };
}

/** With a store of its own in the folder. */
export function podmanCommand(folder: string): readonly string[] {
  const root = join(folder, "podman");
  const states = join(stateFolder(folder), "podman");
  const storage = [`--root=${root}/root`, `--runroot=${states}/run`, "--storage-driver=overlay"];
  return ["podman", ...storage, "--events-backend=file", `--tmpdir=${states}/tmp`];
}

async function podman(folder: string): Promise<Program> {
  const command = podmanCommand(folder);
  return {
    name: await nameOf(["podman", "--version"]),
    empty: async () => {
      await must([...command, "rmi", "--all", "--force"], { seconds: 300 });
    },
    pull: (reference) => [...command, "pull", "--quiet", "--tls-verify=false", reference],
    load: (archive) => [...command, "load", "--quiet", "--input", archive],
    remove: (reference) => [...command, "rmi", reference],
  };
}

async function ctr(socket: string, daemons: readonly number[]): Promise<Program> {
  const command = ["ctr", "--address", socket];
  return {
    name: (await nameOf(["containerd", "--version"])).replace("containerd", "ctr"),
    daemons,
    empty: async () => {
      const names = (await must([...command, "images", "ls", "-q"])).split("\n").filter(Boolean);
      for (const name of names) {
        await must([...command, "images", "rm", "--sync", name], { seconds: 300 });
      }
    },
    pull: (reference) => [...command, "images", "pull", "--plain-http", reference],
    load: (archive) => [...command, "images", "import", archive],
    remove: (reference) => [...command, "images", "rm", "--sync", reference],
  };
}

async function dockerProgram(socket: string, daemons: readonly number[]): Promise<Program> {
  const command = ["/usr/bin/docker", "--host", `unix://${socket}`];
  return {
    name: await nameOf(["/usr/bin/docker", "--version"]),
    daemons,
    empty: async () => {
      const ids = (await must([...command, "images", "-q"])).split("\n").filter(Boolean);
      await run([...command, "rmi", "--force", ...ids], { seconds: 300 });
    },
    pull: (reference) => [...command, "pull", "--quiet", reference],
    load: (archive) => [...command, "load", "--quiet", "--input", archive],
    remove: (reference) => [...command, "rmi", reference],
  };
}

/** skopeo and umoci make a root file system together. */
export function skopeoAndUmoci(folder: string): Program {
  const layout = join(folder, "skopeo");
  const root = join(folder, "umoci");
  const script =
    'skopeo --insecure-policy copy --quiet --src-tls-verify=false "docker://$1" "oci:$2:latest" && ' +
    'umoci raw unpack --image "$2:latest" "$3"';
  return {
    name: "skopeo copy + umoci unpack",
    empty: async () => {
      await setAside(folder, layout);
      await setAside(folder, root);
    },
    pull: (reference) => ["sh", "-c", script, "sh", reference, layout, root],
    load: undefined,
    remove: undefined,
  };
}

/** From "podman version 4.3.1", "Docker version 20.10.24+dfsg1, ...". */
export async function nameOf(command: readonly string[]): Promise<string> {
  const version = /\d+\.\d+(?:\.\d+)?/.exec(await must(command))?.[0] ?? "";
  return `${basename(command[0] ?? "")} ${version}`;
}

/** The daemons that were started with a folder. */
export async function daemonsOf(folder: string): Promise<number[]> {
  const found = await run(["pgrep", "--full", `^(containerd|dockerd) .*${folder}`]);
  return found.stdout.split("\n").filter(Boolean).map(Number);
}
