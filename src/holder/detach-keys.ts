// The keys that end an attachment and leave the container running: ctrl-p ctrl-q unless the user
// chose others. The beginning of the sequence is held back until the next key tells what it was.

import { OcicatError, quote } from "../error/ocicat-error.ts";

/** ctrl-p, ctrl-q. */
export const DEFAULT_DETACH_KEYS: readonly number[] = [0x10, 0x11];

export interface ScannedKeys {
  /** What goes to the container. */
  readonly content: Uint8Array;
  readonly detached: boolean;
}

export class DetachKeys {
  readonly #keys: readonly number[];
  #matched = 0;

  /** With no keys nothing detaches. */
  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** Whether nothing is held back; then nothing but this key begins a sequence. Undefined: nothing does. */
  get isAtStart(): boolean {
    return this.#matched === 0;
  }

  get first(): number | undefined {
    return this.#keys[0];
  }

  scan(typed: Uint8Array): ScannedKeys {
    const first = this.#keys[0];
    if (first === undefined || (this.#matched === 0 && !typed.includes(first))) {
      return { content: typed, detached: false };
    }
    const content: number[] = [];
    for (const key of typed) {
      if (this.#take(key, content)) {
        return { content: Uint8Array.from(content), detached: true };
      }
    }
    return { content: Uint8Array.from(content), detached: false };
  }

  /** Whether `key` completes the sequence. What turns out not to belong to it goes to `content`. */
  #take(key: number, content: number[]): boolean {
    const seen = [...this.#keys.slice(0, this.#matched), key];
    while (seen.length > 0 && !this.#isPrefix(seen)) {
      content.push(seen.shift() ?? 0);
    }
    this.#matched = seen.length;
    return this.#matched === this.#keys.length;
  }

  #isPrefix(seen: readonly number[]): boolean {
    return seen.every((key, index) => key === this.#keys[index]);
  }
}

/** Docker's spelling: "ctrl-p,ctrl-q", "ctrl-@", "a,b"; "" for none. */
export function parseDetachKeys(text: string): number[] {
  return text === "" ? [] : text.split(",").map(parseKey);
}

function parseKey(key: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
  if (control !== undefined) {
    return control.toUpperCase().charCodeAt(0) - 0x40;
  }
  if (/^[\x21-\x7e]$/.test(key)) {
    return key.charCodeAt(0);
  }
  throw new OcicatError("invalid-argument", {
    operation: "parse",
    subject: `the detach key ${quote(key)}`,
    reason: "it is neither a character nor ctrl- and a letter, @, [, \\, ], ^ or _",
  });
}
