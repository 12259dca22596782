// A folder and a cgroup parent for one test file, and the look at what is left of it.
//
// Other programs may run on the machine meanwhile, so the look is at what bears the workspace's
// name: mounts below its folder, cgroups below its parent, processes in those cgroups or with the
// folder in their command line, containers that the runtime knows with a bundle in the folder.

import { readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "../../tools/peers/command.ts";
import { cgroupFolders } from "../../tools/peers/podman-cgroups.ts";
import { eventually } from "./conditions.ts";
import { RUNTIME } from "./runtime-under-test.ts";

/** A minute for clients to clean up in. */
const LOOKS = 600;
const BETWEEN_LOOKS_MS = 100;

export class Workspace {
  readonly folder: string;
  /** The cgroup below which clients put containers, as a path from the root. */
  readonly cgroupParent: string;

  readonly #damageBefore = damagedDevices();

  private constructor(folder: string) {
    this.folder = folder;
    this.cgroupParent = `/${basename(folder)}`;
  }

  static async make(name: string): Promise<Workspace> {
    const folder = await mkdtemp(join(tmpdir(), `ocicat-${name}-`));
    // The root of a user namespace walks through it to its root file system.
    await chmod(folder, 0o711);
    return new Workspace(folder);
  }

  /**
   * What stays behind, in words; empty after a clean end. Clients clean up, and their shims and monitors
   * end, after the commands that they do it for. `stateRoots` are the folders that clients gave the runtime
   * for its state, beside its own default.
   */
  async leftovers(stateRoots: readonly string[] = []): Promise<string[]> {
    let left = await this.#look(stateRoots);
    for (let looks = 1; left.length > 0 && looks < LOOKS; looks += 1) {
      await Bun.sleep(BETWEEN_LOOKS_MS);
      left = await this.#look(stateRoots);
    }
    return left;
  }

  async #look(stateRoots: readonly string[]): Promise<string[]> {
    const known = await Promise.all(
      [[], ...stateRoots.map((root) => ["--root", root])].map((flags) =>
        this.#knownContainers(flags),
      ),
    );
    return [
      ...this.#mountTargets().map((target) => `mount ${target}`),
      ...this.#containerCgroups(),
      ...this.processes().map(({ pid, command }) => `process ${pid} ${command}`),
      ...known.flat(),
      ...(this.#damageBefore.length === 0 ? damagedDevices() : []),
    ];
  }

  /** Removes all that is left, and the clients' cgroup parents, which the clients themselves leave. */
  async remove(): Promise<void> {
    for (const target of this.#mountTargets().reverse()) {
      await run(["umount", "--lazy", target]);
    }
    await eventually("the cgroups' end", () => this.#emptyCgroups());
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Ends what runs in the cgroups and removes them; false while a process is still going. */
  #emptyCgroups(): boolean {
    try {
      for (const { pid, isInCgroup } of this.processes()) {
        if (isInCgroup) {
          process.kill(pid, "SIGKILL");
        }
      }
      for (const parent of cgroupFolders(this.cgroupParent)) {
        removeTree(parent);
      }
      return true;
    } catch {
      return false;
    }
  }

  #mountTargets(): string[] {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const targets = lines.map((line) => line.split(" ")[4] ?? "");
    return targets.filter((target) => target.startsWith(`${this.folder}/`));
  }

  #containerCgroups(): string[] {
    return cgroupFolders(this.cgroupParent).flatMap((parent) =>
      folders(parent)
        .filter((name) => !CLIENTS_OWN_CGROUPS.test(name))
        .map((name) => `cgroup ${parent}/${name}`),
    );
  }

  /** Those in its cgroups, or with its folder in their command line. */
  processes(): { pid: number; command: string; isInCgroup: boolean }[] {
    return folders("/proc")
      .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
      .map((name) => ({
        pid: Number(name),
        command: readProcess(name, "cmdline").replaceAll("\0", " "),
        isInCgroup: readProcess(name, "cgroup").includes(this.cgroupParent),
      }))
      .filter(({ command, isInCgroup }) => isInCgroup || command.includes(this.folder));
  }

  async #knownContainers(flags: readonly string[]): Promise<string[]> {
    const list = await run([RUNTIME, ...flags, "list", "--format", "json"]);
    if (list.code !== 0) {
      return [`the runtime's list fails: ${list.stderr}`];
    }
    const containers: { id: string; bundle: string }[] = JSON.parse(list.stdout) ?? [];
    return containers
      .filter((container) => container.bundle.startsWith(this.folder))
      .map((container) => `container ${container.id} in the runtime's state`);
  }
}

/** podman keeps its monitors' cgroup for the next container, CRI-O that of one which it could not make. */
const CLIENTS_OWN_CGROUPS = /^(?:conmon|crio-conmon-[0-9a-f]{64})$/;

/**
 * Containers get the host's /dev/null as a stream: a runtime that gives streams to the container's
 * user must leave it alone, and one that makes device nodes must not make them there.
 */
function damagedDevices(): string[] {
  const status = statSync("/dev/null");
  const isSound = status.isCharacterDevice() && status.uid === 0 && (status.mode & 0o777) === 0o666;
  return isSound ? [] : [`/dev/null: owner ${status.uid}, mode ${status.mode.toString(8)}`];
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function removeTree(cgroup: string): void {
  for (const name of folders(cgroup)) {
    removeTree(join(cgroup, name));
  }
  rmdirSync(cgroup);
}

/** Empty when the process has ended meanwhile. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
