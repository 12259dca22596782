// A folder for one test file: images, bundles and the state of containers, and what is left of them.
// The runtime's verbs are called in this process, which adopts every process that they orphan: so it
// can tell exactly which of them still live.
//
//   FOLDER/state/           state root
//   FOLDER/BUNDLE/rootfs/   a root of its own for each bundle: hostile images differ
//   FOLDER/host/            stands for files of the host that no container may reach

import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { Hooks } from "../../src/oci/hooks.ts";
import type { Linux } from "../../src/oci/linux.ts";
import type { Mount } from "../../src/oci/mount.ts";
import type { Process } from "../../src/oci/process.ts";
import type { Spec } from "../../src/oci/spec.ts";
import { create } from "../../src/runtime/create.ts";
import type { CreateOptions } from "../../src/runtime/create-options.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { exec } from "../../src/runtime/exec.ts";
import { kill } from "../../src/runtime/kill.ts";
import { run } from "../../src/runtime/run.ts";
import { start } from "../../src/runtime/start.ts";
import { listContainerIds } from "../../src/runtime/state-directory.ts";
import type { ExitStatus } from "../../src/sys/process.ts";
import { setChildSubreaper } from "../../src/sys/process.ts";
import { leftovers, removeCgroups } from "./leftovers.ts";

const APPLETS = [
  "sh",
  "cat",
  "grep",
  "ls",
  "sleep",
  "true",
  "id",
  "stat",
  "mount",
  "readlink",
  "dd",
  "kill",
];

export const NEEDS_ROOT = process.getuid?.() !== 0;

export interface BundleOptions {
  /** A shell script: its output is what `outputOf` returns. */
  readonly script?: string;
  readonly args?: readonly string[];
  readonly process?: Partial<Process>;
  /** Bounding, effective and permitted; in place of the usual ones. */
  readonly capabilities?: readonly string[];
  /** Behind the usual ones. */
  readonly mounts?: readonly Mount[];
  /** In place of the usual ones. */
  readonly allMounts?: readonly Mount[];
  readonly linux?: Partial<Linux>;
  readonly hooks?: Hooks;
  readonly readonlyRoot?: boolean;
  /** Fills the root file system: called with its path. */
  readonly image?: (root: string) => void;
}

export interface Bundle {
  readonly path: string;
  readonly root: string;
  readonly spec: Spec;
}

export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-hostile-"));
  readonly stateRoot = join(this.folder, "state");
  readonly host = join(this.folder, "host");
  /** Below it all cgroups are. */
  readonly cgroup = `/ocicat-test-${process.pid}`;
  readonly #busybox = join(this.folder, "busybox");
  #bundles = 0;
  #containers = 0;

  constructor() {
    setChildSubreaper();
    mkdirSync(this.host);
    mkdirSync(this.stateRoot);
    copyFileSync("/usr/bin/busybox", this.#busybox);
  }

  /** A new bundle, with a root file system of its own. */
  bundle(options: BundleOptions = {}): Bundle {
    this.#bundles += 1;
    const path = join(this.folder, `bundle-${this.#bundles}`);
    const root = join(path, "rootfs");
    this.#makeRoot(root);
    options.image?.(root);
    return { path, root, spec: this.#spec(options) };
  }

  #makeRoot(root: string): void {
    for (const directory of ["bin", "proc", "dev", "sys", "tmp", "etc"]) {
      mkdirSync(join(root, directory), { recursive: true });
    }
    // Never a second name of the host's own file: these containers write to what they can reach.
    linkSync(this.#busybox, join(root, "bin/busybox"));
    for (const applet of APPLETS) {
      symlinkSync("busybox", join(root, "bin", applet));
    }
    writeFileSync(join(root, "out"), "");
    chmodSync(join(root, "out"), 0o666);
  }

  #spec(options: BundleOptions): Spec {
    const base = defaultSpec();
    const { script, args = ["/bin/true"], capabilities: all } = options;
    const process: Process = {
      user: { uid: 0, gid: 0 },
      cwd: "/",
      ...base.process,
      terminal: false,
      args: script === undefined ? args : ["/bin/sh", "-c", `exec >/out 2>&1\n${script}`],
      ...(all === undefined
        ? {}
        : { capabilities: { bounding: all, effective: all, permitted: all } }),
      ...options.process,
    };
    return {
      ...base,
      process,
      root: { path: "rootfs", readonly: options.readonlyRoot ?? false },
      mounts: options.allMounts ?? [...(base.mounts ?? []), ...(options.mounts ?? [])],
      ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
      linux: { ...base.linux, ...options.linux },
    };
  }

  newId(): string {
    this.#containers += 1;
    return `c${this.#containers}`;
  }

  options(bundle: Bundle, id = this.newId()): CreateOptions {
    return {
      id,
      bundle: bundle.path,
      stateRoot: this.stateRoot,
      config: JSON.stringify(this.#placed(bundle.spec, id)),
    };
  }

  /** With a cgroup below ours, unless it has one of its own. */
  #placed(spec: Spec, id: string): Spec {
    const { linux = {} } = spec;
    return { ...spec, linux: { cgroupsPath: `${this.cgroup}/${id}`, ...linux } };
  }

  /** Runs the bundle's process to its end. */
  run(bundle: Bundle, more: Partial<CreateOptions> = {}): Promise<ExitStatus> {
    return run({ ...this.options(bundle), ...more });
  }

  /** What the bundle's script wrote, of a run that must end with 0. */
  async outputOf(bundle: Bundle): Promise<string> {
    const status = await this.run(bundle);
    const output = readFileSync(join(bundle.root, "out"), "utf8");
    if (!("code" in status && status.code === 0)) {
      throw new Error(`the script ended with ${JSON.stringify(status)}: ${output}`);
    }
    return output;
  }

  /** A running container, until it is disposed. */
  async started(bundle: Bundle): Promise<Started> {
    const options = this.options(bundle);
    const address = { stateRoot: options.stateRoot, id: options.id };
    const { pid } = await create(options);
    start(address);
    return {
      ...address,
      pid,
      bundle,
      exec: (process) =>
        exec({
          ...address,
          process: (own) => ({ user: { uid: 0, gid: 0 }, cwd: "/", ...own, ...process }),
        }),
      [Symbol.dispose]: () => {
        kill({ ...address, signal: 9 });
        deleteContainer({ ...address, force: true });
      },
    };
  }

  /** What is left of any container: empty unless something leaked. */
  leftovers(): string[] {
    return leftovers(this);
  }

  /** As leftovers(), but removed, so that the next test does not find them again. */
  takeLeftovers(): string[] {
    const found = this.leftovers();
    for (const id of listContainerIds(this.stateRoot)) {
      deleteContainer({ stateRoot: this.stateRoot, id, force: true });
    }
    return found;
  }

  remove(): void {
    this.takeLeftovers();
    removeCgroups(this.cgroup);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Started extends Disposable {
  readonly stateRoot: string;
  readonly id: string;
  readonly pid: number;
  readonly bundle: Bundle;
  readonly exec: (process: Partial<Process> & Pick<Process, "args">) => Promise<ExitStatus>;
}
