// A place for containers of `ocicat-runtime`, driven through its command line: a folder with bundles,
// state and a busybox root file system, and the look at what is left in the end.
//
//   FOLDER/state/          --root
//   FOLDER/ID/             a bundle for each container
//     config.json rootfs/
//     output               what create, start and run print, and the container's process with them
//
// Set OCICAT_TEST_RUNTIME to hold another runtime against the same tests.

import { setDefaultTimeout } from "bun:test";
import {
  copyFileSync,
  existsSync,
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
import { setChildSubreaper } from "../../src/sys/process.ts";
import { leftovers, removeCgroups } from "../hostile/leftovers.ts";
import { RUNTIME } from "../peers/runtime-under-test.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../vm/guest.ts";

if (isGuest()) {
  setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);
}

export const NEEDS_ROOT = process.getuid?.() !== 0;

const APPLETS =
  "sh cat echo env false grep head hostname id kill ln logger ls mkdir mount printf ps pwd readlink sleep stat stty test touch true tty wc";
const TIME_LIMIT_MS = 60_000;

export interface Result {
  /** The exit status; 128 + the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ContainerOptions {
  /** A shell script; in place of `args`. */
  readonly script?: string;
  readonly args?: readonly string[];
  readonly process?: Partial<Process>;
  /** Behind the usual ones. */
  readonly mounts?: readonly Mount[];
  readonly linux?: Partial<Linux>;
  readonly hooks?: Hooks;
  /** Replaces parts of the configuration, whatever they are. */
  readonly spec?: Partial<Spec>;
}

export interface CallOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Stands before the program: a shell that opens descriptors, setpriv. */
  readonly prefix?: readonly string[];
  /** Flags before the verb. */
  readonly global?: readonly string[];
}

export class RuntimePlace {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-e2e-"));
  readonly stateRoot = join(this.folder, "state");
  /** Below it all cgroups are. */
  readonly cgroup = `/ocicat-e2e-${process.pid}`;
  readonly #containers: TestContainer[] = [];
  #made = 0;
  #calls = 0;

  constructor() {
    // Orphans become ours: so each can be told apart from those of others.
    setChildSubreaper();
    mkdirSync(this.stateRoot);
    copyFileSync("/usr/bin/busybox", join(this.folder, "busybox"));
  }

  container(options: ContainerOptions = {}): TestContainer {
    this.#made += 1;
    const container = new TestContainer(this, `c${this.#made}`, options);
    this.#containers.push(container);
    return container;
  }

  command(words: readonly string[], options: CallOptions = {}): string[] {
    const { prefix = [], global = [] } = options;
    return [...prefix, RUNTIME, "--root", this.stateRoot, ...global, ...words];
  }

  /** Runs one command to its end. Output goes to files: a container keeps them open for longer. */
  call(words: readonly string[], options: CallOptions & { readonly output?: string } = {}): Result {
    this.#calls += 1;
    const output = options.output ?? join(this.folder, `stdout-${this.#calls}`);
    const errors = join(this.folder, `stderr-${this.#calls}`);
    const result = Bun.spawnSync(this.command(words, options), {
      stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
      stdout: Bun.file(output),
      stderr: Bun.file(errors),
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    return {
      code: result.exitCode ?? -1,
      stdout: readFileSync(output, "utf8"),
      stderr: readFileSync(errors, "utf8"),
    };
  }

  /** As `call`, for what has to succeed; returns what it printed. */
  must(words: readonly string[], options: CallOptions = {}): string {
    const { code, stdout, stderr } = this.call(words, options);
    if (code !== 0) {
      throw new Error(`${words.join(" ")}: exit status ${code}\n${stderr}${stdout}`);
    }
    return stdout;
  }

  makeRoot(root: string): void {
    for (const directory of ["bin", "dev", "etc", "proc", "sys", "tmp"]) {
      mkdirSync(join(root, directory), { recursive: true });
    }
    linkSync(join(this.folder, "busybox"), join(root, "bin/busybox"));
    for (const applet of APPLETS.split(" ")) {
      symlinkSync("busybox", join(root, "bin", applet));
    }
  }

  /** Deletes every container; returns what is left of them all, which ought to be nothing. */
  close(): string[] {
    for (const { id } of this.#containers.splice(0)) {
      this.call(["delete", "--force", id]);
    }
    return leftovers(this);
  }

  remove(): void {
    removeCgroups(this.cgroup);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class TestContainer {
  readonly id: string;
  readonly bundle: string;
  readonly root: string;
  readonly pidFile: string;
  readonly spec: Spec;
  readonly #place: RuntimePlace;

  constructor(place: RuntimePlace, id: string, options: ContainerOptions) {
    this.#place = place;
    this.id = id;
    this.bundle = join(place.folder, id);
    this.root = join(this.bundle, "rootfs");
    this.pidFile = join(this.bundle, "pid");
    place.makeRoot(this.root);
    this.spec = specOf(options, `${place.cgroup}/${id}`);
    this.write(this.spec);
  }

  write(config: unknown): void {
    writeFileSync(join(this.bundle, "config.json"), JSON.stringify(config, undefined, 1));
  }

  /** A verb with this container's id behind its flags. */
  verb(name: string, flags: readonly string[] = [], options: CallOptions = {}): Result {
    return this.#place.call([name, ...flags, this.id], options);
  }

  create(flags: readonly string[] = [], options: CallOptions = {}): Result {
    const words = [
      "create",
      "--bundle",
      this.bundle,
      "--pid-file",
      this.pidFile,
      ...flags,
      this.id,
    ];
    return this.#place.call(words, { ...options, output: join(this.bundle, "output") });
  }

  run(flags: readonly string[] = [], options: CallOptions = {}): Result {
    return this.#place.call(["run", "--bundle", this.bundle, ...flags, this.id], options);
  }

  /** What a run prints that must end with 0. */
  output(flags: readonly string[] = [], options: CallOptions = {}): string {
    return this.#place.must(["run", "--bundle", this.bundle, ...flags, this.id], options);
  }

  /** Created and started, both of which must succeed. */
  launch(): this {
    for (const result of [this.create(), this.verb("start")]) {
      if (result.code !== 0) {
        throw new Error(`${this.id}: exit status ${result.code}\n${result.stderr}`);
      }
    }
    return this;
  }

  exec(words: readonly string[], flags: readonly string[] = [], options: CallOptions = {}): Result {
    return this.#place.call(["exec", ...flags, this.id, ...words], options);
  }

  /** The document that `state` prints. */
  state(): Record<string, unknown> {
    return JSON.parse(this.#place.must(["state", this.id]));
  }

  status(): string {
    return String(this.state()["status"]);
  }

  get pid(): number {
    return Number(readFileSync(this.pidFile, "utf8"));
  }

  /** What the container's process has written so far. */
  written(): string {
    const path = join(this.bundle, "output");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }
}

function specOf(options: ContainerOptions, cgroupsPath: string): Spec {
  const base = defaultSpec();
  const { script, args = ["sleep", "600"] } = options;
  const process: Process = {
    user: { uid: 0, gid: 0 },
    cwd: "/",
    ...base.process,
    terminal: false,
    args: script === undefined ? args : ["sh", "-c", script],
    env: ["PATH=/bin"],
    ...options.process,
  };
  return {
    ...base,
    process,
    root: { path: "rootfs", readonly: false },
    mounts: [...(base.mounts ?? []), ...(options.mounts ?? [])],
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    linux: { ...base.linux, cgroupsPath, ...options.linux },
    ...options.spec,
  };
}
