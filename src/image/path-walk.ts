// Steps through a path component by component inside a root, as the kernel would with RESOLVE_IN_ROOT:
// ".." never leaves the root, a link's target takes the place of the link. Whoever walks looks each
// component up and says what it is.

import { OcicatError } from "../error/ocicat-error.ts";
import { quoteByteString } from "../sys/byte-path.ts";

const MOST_LINKS = 40; // as the kernel's own limit

export class PathWalk {
  readonly #start: string;
  readonly #pending: string[];
  #entered: string[] = [];
  #links = 0;

  constructor(path: string) {
    this.#start = path;
    this.#pending = path.split("/").reverse();
  }

  /** The next component to look up in the directory reached so far. */
  next(): string | undefined {
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) {
      if (name === "..") {
        this.#entered.pop();
      } else if (name !== "" && name !== ".") {
        return name;
      }
    }
    return undefined;
  }

  /** The component just given out was the last one. */
  get atEnd(): boolean {
    return this.#pending.length === 0;
  }

  /** What has been entered: no links, no "." or ".."; "" is the root. */
  get path(): string {
    return this.#entered.join("/");
  }

  childPath(name: string): string {
    return this.#entered.length === 0 ? name : `${this.path}/${name}`;
  }

  enter(name: string): void {
    this.#entered.push(name);
  }

  follow(target: string): void {
    this.#links += 1;
    if (this.#links > MOST_LINKS) {
      throw new OcicatError("invalid-config", {
        operation: "resolve",
        subject: `${quoteByteString(this.#start)} in the image`,
        reason: "too many levels of symbolic links",
      });
    }
    if (target.startsWith("/")) {
      this.#entered = [];
    }
    this.#pending.push(...target.split("/").reverse());
  }
}
