// A RunPlace with a root file system of busybox, and the commands on containers that go on.

import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { OCICAT, type Result, RunPlace } from "./run-place.ts";

export interface CallInput {
  readonly input?: string | Uint8Array<ArrayBuffer>;
}

export class ContainerPlace extends RunPlace {
  readonly program = OCICAT;
  #root = "";
  #image = "";

  /** Made when it is first asked for. */
  get root(): string {
    if (this.#root === "") {
      this.#root = makeBusyboxRoot(this.makeFolder("root"));
    }
    return this.#root;
  }

  /** The same as an image. */
  get image(): string {
    if (this.#image === "") {
      this.#image = makeLayout(this.folder, this.root);
    }
    return this.#image;
  }

  /** A command on containers here. */
  call(command: string, words: readonly string[], { input }: CallInput = {}): Result {
    const bytes = typeof input === "string" ? Buffer.from(input) : input;
    const child = Bun.spawnSync([OCICAT, ...command.split(" "), ...this.flags, ...words], {
      stdin: bytes ?? "ignore",
      cwd: this.folder,
    });
    return {
      status: child.exitCode,
      stdout: child.stdout.toString(),
      stderr: child.stderr.toString(),
    };
  }

  /** As `call`, while orphans are reaped, as the init of a machine would. */
  async callAsInit(command: string, words: readonly string[]): Promise<Result> {
    const child = Bun.spawn([OCICAT, ...command.split(" "), ...this.flags, ...words], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      cwd: this.folder,
    });
    const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    const [stdout, stderr, status] = await this.asInit(ended);
    return { status, stdout, stderr };
  }

  /** Reaps orphans, as the init of a machine would, until something has ended that needs it. */
  async asInit<End>(end: Promise<End>): Promise<End> {
    let hasEnded = false;
    const noteEnd = (): void => {
      hasEnded = true;
    };
    end.then(noteEnd, noteEnd);
    await eventually("the end of a command", () => {
      this.reapOrphans();
      return hasEnded;
    });
    return await end;
  }

  /** A command that goes on. */
  start(command: string, words: readonly string[]) {
    return Bun.spawn([OCICAT, ...command.split(" "), ...this.flags, ...words], { stdout: "pipe" });
  }

  /** Of a command that must end with 0 and say nothing on standard error. */
  outputOf(command: string, ...words: readonly string[]): string {
    const { status, stdout, stderr } = this.call(command, words);
    expect([command, status, stderr]).toEqual([command, 0, ""]);
    return stdout;
  }

  /** Of a command on images, which has to succeed, too. */
  onImages(command: string, ...words: readonly string[]): string {
    const line = [OCICAT, ...command.split(" "), "--store", this.store, ...words];
    const child = Bun.spawnSync(line, { cwd: this.folder });
    expect([command, child.exitCode, child.stderr.toString()]).toEqual([command, 0, ""]);
    return child.stdout.toString();
  }

  /** Runs `script` in a container from the image, detached. Returns its id. */
  detach(name: string, script: string, ...flags: readonly string[]): string {
    const words = this.command([...flags, this.image, "/bin/sh", "-c", script], name);
    const [program = "", , ...rest] = words.filter((word) => word !== "--rm");
    const child = Bun.spawnSync([program, "run", "-d", ...rest]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
    return child.stdout.toString().trim();
  }

  /** Pids of the supervisors of the store. */
  supervisors(): number[] {
    const isOne = (pid: number): boolean => {
      const words = commandLine(pid).split(" ");
      return words.includes("supervise") && words.includes(this.store);
    };
    const pids = readdirSync("/proc").map(Number);
    return pids.filter((pid) => pid > 0 && isOne(pid));
  }

  /** Pids of processes that became our children, as those of a machine become its init's. */
  childrenOf(command: string): number[] {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
    const pids = children.trim().split(" ").map(Number);
    return pids.filter((pid) => commandLine(pid).startsWith(command));
  }

  /** Removes all containers. A dead process that nobody has reaped would keep its namespace's init. */
  clear(): void {
    this.reap();
    this.call("rm", ["-f", "--all"]);
  }
}

/** Ends as the command behind its first argument does, whose output the file of that name gets. */
const PIPELINE = `set -o pipefail
file=$1
shift
"$@" | cat > "$file"`;

/** A command whose output goes to `file`: it is the file itself, or a pipe from which that is filled. */
export function spawnInto(file: string, kind: "file" | "pipe", command: readonly string[]) {
  return kind === "file"
    ? Bun.spawn([...command], { stdin: "ignore", stdout: Bun.file(file) })
    : Bun.spawn(["bash", "-c", PIPELINE, "bash", file, ...command], { stdin: "ignore" });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ");
  } catch {
    return "";
  }
}
