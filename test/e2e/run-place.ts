// A place to try `ocicat run` in: a store and a state folder of its own, and the look at what is left
// of its containers in the end.
//
// OCICAT_TEST_PROGRAM: an absolute path of another program to test.

import { expect, setDefaultTimeout } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTextFileIfExists } from "../../src/sys/file.ts";
import { readProcessStat, setChildSubreaper, waitForPid } from "../../src/sys/process.ts";
import { DIST } from "../../tools/repository.ts";
import { eventually } from "../peers/conditions.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../vm/guest.ts";

if (isGuest()) {
  setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);
}

export const OCICAT = process.env["OCICAT_TEST_PROGRAM"] ?? DIST.launchers[0];

const CGROUP_TREES = "/sys/fs/cgroup";
const LIMIT_MS = 120_000;

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly input?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Stands before the program: setpriv and its like. */
  readonly prefix?: readonly string[];
  /** In place of OCICAT. */
  readonly program?: string;
}

/** What a container's started.json says, among other things. */
export interface StartRecord {
  /** 0: it is not written down yet. */
  readonly holderPid: number;
  readonly killedHolders?: number;
}

/** Of the containers of this process's tests. */
const CGROUP_PARENT = `octest-${process.pid}`;

let names = 0;

export class RunPlace {
  readonly #isOrdinary: boolean;
  #folder: string | undefined;

  /** `user`: who runs the containers; one that is not root has no cgroups to give them. */
  constructor(user: "root" | "ordinary" = "root") {
    this.#isOrdinary = user === "ordinary";
  }

  /** Made when it is first asked for: tests that are skipped leave none. */
  get folder(): string {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), "oct-run-"));
      // Holders whose client has gone become our children: so none is overlooked.
      setChildSubreaper();
    }
    return this.#folder;
  }

  get store(): string {
    return join(this.folder, "store");
  }

  get state(): string {
    return join(this.folder, "state");
  }

  /** Where the state of the containers is, as the OCI command line takes it. */
  get containerState(): string {
    return join(this.state, ".engine");
  }

  /** A name that no other container has, for the cgroups to be told apart by. */
  newName(): string {
    names += 1;
    return `octest-${process.pid}-${names}`;
  }

  /** The flags that place a container here. */
  get flags(): string[] {
    return ["--store", this.store, "--root", this.state];
  }

  /** The whole command: `words` stand behind `run` and the flags that place the container here. */
  command(words: readonly string[], name = this.newName(), program = OCICAT): string[] {
    const isSystemds = words.includes("--systemd-cgroup");
    const cgroup = this.#isOrdinary || isSystemds ? [] : ["--cgroup-parent", CGROUP_PARENT];
    const place = ["--rm", ...this.flags, ...cgroup, "--name", name];
    return [program, "run", ...place, ...words];
  }

  /** Of the container that has the name now. */
  idOf(name: string): string {
    return readlinkSync(join(this.store, "names", name));
  }

  folderOf(name: string): string {
    return join(this.store, "containers", this.idOf(name));
  }

  /** Of the container's last start. */
  startRecord(name: string): StartRecord {
    return JSON.parse(readFileSync(join(this.folderOf(name), "started.json"), "utf8"));
  }

  /** Runs a container to its end. */
  async run(words: readonly string[], options: CallOptions = {}): Promise<Result> {
    const child = this.spawn(words, options);
    const [stdout, stderr, status] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { status, stdout, stderr };
  }

  /** What a container that must end with 0 wrote. */
  async output(words: readonly string[], options: CallOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(words, options);
    if (status !== 0) {
      throw new Error(`${words.join(" ")}: exit status ${status}\n${stderr}${stdout}`);
    }
    return stdout;
  }

  spawn(words: readonly string[], options: CallOptions = {}, name = this.newName()) {
    const { input } = options;
    const stdin = typeof input === "string" ? new TextEncoder().encode(input) : input;
    return Bun.spawn([...(options.prefix ?? []), ...this.command(words, name, options.program)], {
      stdin: stdin ?? "ignore",
      stdout: "pipe",
      stderr: "pipe",
      cwd: options.cwd ?? this.folder,
      env: { ...process.env, ...options.env },
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
  }

  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** One line for each thing that is left of any container. */
  leftovers(): string[] {
    return [
      ...namesIn(join(this.store, "containers")).map((name) => `folder: ${name}`),
      ...namesIn(join(this.store, "names")).map((name) => `name: ${name}`),
      ...namesIn(join(this.state, ".attach")).map((name) => `socket: ${name}`),
      ...namesIn(join(this.state, ".execs")).map((name) => `execs: ${name}`),
      ...namesIn(join(this.store, "staging")).map((name) => `staging: ${name}`),
      ...namesIn(this.containerState)
        .filter((name) => name !== ".cache")
        .map((name) => `state: ${name}`),
      ...namesIn(join(this.state, ".images")).map((name) => `image: ${name}`),
      ...ownCgroups().map((path) => `cgroup: ${path}`),
      ...mountsBelow(this.folder).map((line) => `mount: ${line}`),
      ...this.reap().map((line) => `process: ${line}`),
    ];
  }

  /** A command has given everything back when it ends; the holders end right behind it. */
  async expectNothingLeft(): Promise<void> {
    const others = this.leftovers().filter((line) => !line.startsWith("process: "));
    expect(others).toEqual([]);
    await eventually("the holders' end", () => this.reap().length === 0);
  }

  /** Returns its pid when it has gone: a signal is sent before it is obeyed. */
  async killHolder(name: string): Promise<number> {
    const { holderPid } = this.startRecord(name);
    // Never 0, which kill(2) takes for ourselves.
    expect(holderPid).toBeGreaterThan(1);
    process.kill(holderPid, "SIGKILL");
    await eventually("the holder's end", () => isGone(holderPid));
    this.reap();
    return holderPid;
  }

  /** As the init of a machine does for orphans: reaps those that have ended; returns the others. */
  reap(): string[] {
    this.reapOrphans();
    for (const line of stages().filter((each) => each.endsWith(" Z"))) {
      waitForPid(Number(line.split(" ", 1)[0]));
    }
    return stages();
  }

  /** First processes of containers alone: commands that a test has started are not touched. */
  reapOrphans(): void {
    for (const pid of deadOrphans()) {
      waitForPid(pid);
    }
  }

  /** Only when nothing is mounted below it. */
  remove(): void {
    // Whoever has looked for leftovers last may have made it again since.
    ownCgroups();
    if (mountsBelow(this.folder).length === 0) {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

function namesIn(path: string): string[] {
  return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [];
}

/** In every tree. The parent goes when there is nothing in it. */
function ownCgroups(): string[] {
  const trees = [CGROUP_TREES, ...namesIn(CGROUP_TREES).map((name) => join(CGROUP_TREES, name))];
  return trees.flatMap((tree) => {
    const parent = join(tree, CGROUP_PARENT);
    const left = namesIn(parent)
      .filter((name) => name.startsWith("ocicat-"))
      .map((name) => join(parent, name));
    return left.length === 0 && existsSync(parent) && !isRemoved(parent) ? [parent] : left;
  });
}

/** False: somebody has just made a cgroup in it. */
function isRemoved(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EBUSY") {
      return false;
    }
    throw error;
  }
}

function mountsBelow(folder: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes(folder));
}

/** Holders and half-made containers that belong to this process, zombies too. */
function stages(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = readProcessStat(Number(pid));
      return stat?.parentPid === process.pid && stat.name.includes("ocicat")
        ? [`${pid} ${stat.name} ${stat.state}`]
        : [];
    });
}

/** A dead process that nobody has reaped is gone, too. */
export function isGone(pid: number): boolean {
  return ["Z", "X", undefined].includes(readProcessStat(pid)?.state);
}

/** First processes of containers whose holders were killed: they know themselves as 1. */
function deadOrphans(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
  return children
    .trim()
    .split(" ")
    .map(Number)
    .filter((pid) => pid > 0 && isDeadOrphan(pid));
}

function isDeadOrphan(pid: number): boolean {
  const isDead = readProcessStat(pid)?.state === "Z";
  return isDead && /^NSpid:.*\t1$/m.test(readTextFileIfExists(`/proc/${pid}/status`) ?? "");
}
