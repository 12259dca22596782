// Runs programs as an ordinary user of the machine, with and without ids lent to it: in a mount
// namespace of their own the programs see other /etc/passwd, /etc/subuid and /etc/subgid, so the
// machine's stay as they are.

import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { programFiles } from "../../tools/repository.ts";
import { OCICAT, type RunPlace } from "./run-place.ts";

export const USER_ID = 12_345;
export const LENT = { start: 300_000, count: 65_536 };
const USER_NAME = "octest";

export class OrdinaryUser {
  readonly #place: Pick<RunPlace, "folder">;

  constructor(place: Pick<RunPlace, "folder">) {
    this.#place = place;
  }

  get #folder(): string {
    return this.#place.folder;
  }

  get #home(): string {
    return join(this.#folder, "home");
  }

  /** Makes the place accessible; what is in it now becomes the user's. */
  takeOver(): void {
    const folder = this.#folder;
    chmodSync(folder, 0o755);
    Bun.spawnSync(["mkdir", this.#home, join(folder, "store"), join(folder, "state")]);
    Bun.spawnSync(["chown", "-R", `${USER_ID}:${USER_ID}`, folder]);
    const line = `${USER_NAME}:x:${USER_ID}:${USER_ID}::${this.#home}:/bin/sh\n`;
    this.#write("passwd", readFileSync("/etc/passwd", "utf8") + line);
    this.#write("subids", `${USER_NAME}:${LENT.start}:${LENT.count}\n`);
    this.#write("no-subids", "");
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text);
    chownSync(join(this.#folder, name), 0, 0);
  }

  /** Stands before a program and its arguments. The user is in the groups, beside the own one. */
  prefix(ids: "single" | "lent", groups: readonly number[] = []): string[] {
    const furtherGroups = groups.length === 0 ? "--clear-groups" : `--groups ${groups.join(",")}`;
    const subids = join(this.#folder, ids === "lent" ? "subids" : "no-subids");
    const script = `set -e
      mount --bind ${join(this.#folder, "passwd")} /etc/passwd
      for file in /etc/subuid /etc/subgid; do mount --bind ${subids} $file; done
      exec setpriv --reuid ${USER_ID} --regid ${USER_ID} ${furtherGroups} \\
        env HOME=${this.#home} USER=${USER_NAME} XDG_RUNTIME_DIR=${this.#home} "$@"`;
    return ["unshare", "--mount", "sh", "-c", script, "sh"];
  }

  /** A program that the user may execute: a copy where the checkout is closed to it. */
  executable(path = OCICAT): string {
    if (Bun.spawnSync([...this.prefix("single"), "test", "-x", path]).exitCode === 0) {
      return path;
    }
    const folder = join(this.#folder, "bin");
    Bun.spawnSync(["mkdir", "-p", folder]);
    const others = programFiles().map((each) => basename(each));
    const beside = others.filter((name) => existsSync(join(dirname(path), name)));
    for (const name of new Set([basename(path), ...beside])) {
      copyFileSync(join(dirname(path), name), join(folder, name));
    }
    return join(folder, basename(path));
  }
}
