// A container of the runtime under test, made through its command line, and the look at what is left
// of it in the end. Everything of it lives in a folder of its own; its root file system is busybox.

import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Linux, Namespace } from "../../src/oci/linux.ts";
import type { Process } from "../../src/oci/process.ts";
import type { Spec } from "../../src/oci/spec.ts";
import { RUNTIME } from "../peers/runtime-under-test.ts";
import type { Account } from "./accounts.ts";
import { type CommandResult, run } from "./run.ts";

export interface ContainerOptions {
  readonly args?: readonly string[];
  readonly manager?: "cgroupfs" | "systemd";
  /** Who calls the runtime; root when absent. */
  readonly account?: Account;
  /** These replace the parts of the default configuration that they name. */
  readonly spec?: Partial<Spec>;
  readonly process?: Partial<Process>;
  /** Its cgroupsPath is named after the container, unless this says otherwise. */
  readonly linux?: Partial<Linux>;
}

const APPLETS = [
  "cat",
  "dd",
  "echo",
  "grep",
  "hostname",
  "id",
  "ip",
  "kill",
  "ls",
  "mkdir",
  "mknod",
];
const MORE_APPLETS = ["mount", "nproc", "ps", "rmdir", "sh", "sleep", "stat", "test", "true", "wc"];

let made = 0;

export class TestContainer implements AsyncDisposable {
  readonly id: string;
  readonly folder: string;
  readonly #options: ContainerOptions;
  #cgroup: string | undefined;
  #pid = 0;

  private constructor(folder: string, options: ContainerOptions) {
    made += 1;
    this.id = `vm-${process.pid}-${made}`;
    this.folder = folder;
    this.#options = options;
  }

  /** Writes the bundle; nothing runs yet. */
  static async make(options: ContainerOptions = {}): Promise<TestContainer> {
    const folder = await mkdtemp("/tmp/ocicat-vm-");
    const container = new TestContainer(folder, options);
    await container.#writeBundle();
    return container;
  }

  /** Made, created and started. */
  static async start(options: ContainerOptions = {}): Promise<TestContainer> {
    const container = await TestContainer.make(options);
    await container.mustCreate();
    await container.must("start", container.id);
    return container;
  }

  /** Runs one verb of the runtime to its end. */
  verb(...args: readonly string[]): Promise<CommandResult> {
    return run(this.#command(args));
  }

  /** A verb that has to succeed; returns what it printed. */
  async must(...args: readonly string[]): Promise<string> {
    const result = await this.verb(...args);
    if (result.status !== 0) {
      throw new Error(
        `${args.join(" ")}: exit status ${result.status}\n${result.stderr}${this.output()}`,
      );
    }
    return result.stdout;
  }

  /** The container's processes write to a file: they outlive the call. */
  async create(): Promise<CommandResult> {
    const result = await run(
      this.#command(["create", "--bundle", this.folder, "--pid-file", this.#file("pid"), this.id]),
      { outputFile: this.#file("output") },
    );
    if (result.status === 0) {
      this.#pid = Number(readFileSync(this.#file("pid"), "utf8"));
      this.#cgroup = cgroupOf(this.#pid);
    }
    return result;
  }

  async mustCreate(): Promise<void> {
    const result = await this.create();
    if (result.status !== 0) {
      throw new Error(`create: exit status ${result.status}\n${this.output()}`);
    }
  }

  exec(...args: readonly string[]): Promise<CommandResult> {
    return this.verb("exec", this.id, ...args);
  }

  /** Starts a process that goes on by itself; returns its pid as the host sees it. */
  async execDetached(...args: readonly string[]): Promise<number> {
    const pidFile = this.#file("exec-pid");
    const flags = ["--detach", "--pid-file", pidFile];
    const result = await run(this.#command(["exec", ...flags, this.id, ...args]), {
      outputFile: this.#file("output"),
    });
    if (result.status !== 0) {
      throw new Error(`exec --detach: exit status ${result.status}\n${this.output()}`);
    }
    return Number(readFileSync(pidFile, "utf8"));
  }

  /** Of init, as the host sees it. */
  get pid(): number {
    return this.#pid;
  }

  /** Where init was put at its creation, below /sys/fs/cgroup, with a leading slash. */
  get cgroup(): string {
    if (this.#cgroup === undefined) {
      throw new Error("the container has not been created");
    }
    return this.#cgroup;
  }

  /** The content of a file of the container's cgroup, without the last newline. */
  limit(file: string): string {
    return readFileSync(join("/sys/fs/cgroup", this.cgroup, file), "utf8").trimEnd();
  }

  async status(): Promise<string> {
    const state: { status: string } = JSON.parse(await this.must("state", this.id));
    return state.status;
  }

  /** What the container's first process wrote, and the runtime's create. */
  output(): string {
    const file = this.#file("output");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Throws when a delete leaves anything behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const deletion = await this.verb("delete", "--force", this.id);
    const leftovers = this.#leftovers();
    await rm(this.folder, { recursive: true, force: true });
    if (leftovers.length > 0 || (this.#pid !== 0 && deletion.status !== 0)) {
      throw new Error(`delete left ${leftovers.join(", ") || "an error"}: ${deletion.stderr}`);
    }
  }

  #leftovers(): string[] {
    const left: string[] = [];
    if (this.#cgroup !== undefined && existsSync(join("/sys/fs/cgroup", this.#cgroup))) {
      left.push(...(this.#ownsCgroup() ? [`cgroup ${this.#cgroup}`] : []));
    }
    if (existsSync(`${this.#stateRoot()}/${this.id}`)) {
      left.push("a state folder");
    }
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    left.push(...mounts.filter((line) => line.includes(this.folder)));
    return left;
  }

  /** A rootless container without a cgroup stays in its caller's. */
  #ownsCgroup(): boolean {
    return this.cgroup !== cgroupOf(process.pid) && this.cgroup.includes(this.id);
  }

  #command(args: readonly string[]): string[] {
    const { account, manager } = this.#options;
    const flags = manager === "systemd" ? ["--systemd-cgroup"] : [];
    const command = [RUNTIME, "--root", this.#stateRoot(), ...flags, ...args];
    return account === undefined ? command : account.command(command);
  }

  #stateRoot(): string {
    return this.#file("state");
  }

  #file(name: string): string {
    return join(this.folder, name);
  }

  async #writeBundle(): Promise<void> {
    const bin = this.#file("rootfs/bin");
    await mkdir(bin, { recursive: true });
    for (const name of ["dev", "proc", "sys", "tmp"]) {
      await mkdir(this.#file(`rootfs/${name}`));
    }
    await Bun.write(join(bin, "busybox"), Bun.file("/bin/busybox"));
    await chmod(join(bin, "busybox"), 0o755);
    for (const applet of [...APPLETS, ...MORE_APPLETS]) {
      await symlink("busybox", join(bin, applet));
    }
    await Bun.write(this.#file("config.json"), JSON.stringify(this.#spec(), undefined, 1));
    await chmod(this.folder, 0o755);
    const owner = this.#options.account?.id;
    if (owner !== undefined) {
      await run(["chown", "-R", `${owner}:${owner}`, this.folder]);
    }
  }

  #spec(): Spec {
    const { spec, linux } = this.#options;
    return {
      ociVersion: "1.0.2",
      root: { path: "rootfs" },
      hostname: "guest",
      process: this.#process(),
      mounts: DEFAULT_MOUNTS,
      linux: { namespaces: DEFAULT_NAMESPACES, ...this.#cgroupsPath(), ...linux },
      ...spec,
    };
  }

  /** An ordinary user names none: it has whatever the runtime can get for it. */
  #cgroupsPath(): Pick<Linux, "cgroupsPath"> {
    if (this.#options.manager === "systemd") {
      return { cgroupsPath: `:ocicat:${this.id}` };
    }
    return this.#options.account === undefined ? { cgroupsPath: `/ocicat-test/${this.id}` } : {};
  }

  #process(): Process {
    return {
      user: { uid: 0, gid: 0 },
      args: [...(this.#options.args ?? ["sleep", "600"])],
      env: ["PATH=/bin"],
      cwd: "/",
      ...this.#options.process,
    };
  }
}

const ROOT_CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_ADMIN",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SYS_ADMIN",
];

/** For what a privileged container does; by default a container's processes have none. */
export const CAPABILITIES_OF_ROOT: NonNullable<Process["capabilities"]> = {
  bounding: ROOT_CAPABILITIES,
  effective: ROOT_CAPABILITIES,
  permitted: ROOT_CAPABILITIES,
};

export const DEFAULT_NAMESPACES: readonly Namespace[] = [
  { type: "pid" },
  { type: "mount" },
  { type: "ipc" },
  { type: "uts" },
  { type: "network" },
  { type: "cgroup" },
];

export const DEFAULT_MOUNTS: NonNullable<Spec["mounts"]> = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
  {
    destination: "/sys",
    type: "sysfs",
    source: "sysfs",
    options: ["nosuid", "noexec", "nodev", "ro"],
  },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

export const WRITABLE_CGROUP_MOUNTS: NonNullable<Spec["mounts"]> = DEFAULT_MOUNTS.map((mount) =>
  mount.type === "cgroup" ? { ...mount, options: ["nosuid", "noexec", "nodev", "rw"] } : mount,
);

/** The v2 path of a process; undefined when it is gone. */
export function cgroupOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cgroup`, "utf8")
      .split("\n")
      .find((each) => each.startsWith("0::"));
    return line?.slice("0::".length);
  } catch {
    return undefined;
  }
}
