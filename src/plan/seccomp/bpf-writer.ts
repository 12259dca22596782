// Writes a classic BPF program from its end to its beginning: jumps only lead forwards, so every
// target is in place, and its distance known, when the jump to it is written.
//
// A conditional jump reaches 255 instructions far. For a target farther away the writer puts a step in
// between: another copy of the `ret`, or an unconditional jump.

import * as bpf from "../../abi/classic-bpf.ts";
import { OcicatError } from "../../error/ocicat-error.ts";

/** Where a jump leads. */
export type Target =
  | { readonly kind: "return"; readonly action: number }
  | { readonly kind: "code"; readonly position: number };

const REACH = 255;
const FIRST_CAPACITY = 512;

export class BpfWriter {
  /** Two words an instruction; the program fills the end of it. */
  #words = new Uint32Array(FIRST_CAPACITY * 2);
  /** Instructions written. One's position is how many were written before it. */
  #count = 0;
  /** One target for each action: equal actions are the same object. */
  readonly #returns = new Map<number, Target>();
  /** Where each action was last returned. */
  readonly #returnPositions = new Map<number, number>();

  returning(action: number): Target {
    let target = this.#returns.get(action);
    if (target === undefined) {
      target = { kind: "return", action };
      this.#returns.set(action, target);
    }
    return target;
  }

  /** Loads the word at `offset` of struct seccomp_data, then goes on with what was written last. */
  load(offset: number): Target {
    return this.#write(bpf.BPF_LD | bpf.BPF_W | bpf.BPF_ABS, 0, 0, offset);
  }

  /** Keeps the bits of `mask`, then goes on with what was written last. */
  mask(mask: number): Target {
    return this.#write(bpf.BPF_ALU | bpf.BPF_AND | bpf.BPF_K, 0, 0, mask);
  }

  /** Compares the loaded word with `value` by BPF_JEQ, BPF_JGE or BPF_JSET. */
  compare(operation: number, value: number, outcome: { yes: Target; no: Target }): Target {
    // A step for `no` pushes `yes` one instruction farther away.
    const yes = this.#bringNear(outcome.yes, 1);
    const no = this.#bringNear(outcome.no, 0);
    return this.#write(
      bpf.BPF_JMP | operation | bpf.BPF_K,
      this.#distance(yes),
      this.#distance(no),
      value,
    );
  }

  /** The program: struct sock_filter in little-endian order. */
  finish(): Uint8Array {
    if (this.#count > bpf.BPF_MAXINSNS) {
      throw new OcicatError("unsupported", {
        operation: "compile",
        subject: "linux.seccomp",
        reason: `the filter has ${this.#count} instructions, the kernel takes ${bpf.BPF_MAXINSNS}`,
      });
    }
    // Over an ArrayBuffer of its own: small typed arrays may move when their buffer is asked for.
    const bytes = new Uint8Array(new ArrayBuffer(this.#count * bpf.SOCK_FILTER_BYTES));
    bytes.set(new Uint8Array(this.#words.buffer, this.#offset() * 4));
    return bytes;
  }

  #bringNear(target: Target, margin: number): number {
    if (target.kind === "code") {
      const near = this.#distance(target.position) + margin <= REACH;
      return near ? target.position : this.#jumpTo(target.position);
    }
    const present = this.#returnPositions.get(target.action);
    if (present !== undefined && this.#distance(present) + margin <= REACH) {
      return present;
    }
    this.#returnPositions.set(target.action, this.#count);
    this.#write(bpf.BPF_RET | bpf.BPF_K, 0, 0, target.action);
    return this.#count - 1;
  }

  #jumpTo(position: number): number {
    this.#write(bpf.BPF_JMP | bpf.BPF_JA, 0, 0, this.#distance(position));
    return this.#count - 1;
  }

  /** How many instructions the next one written would skip to get to `position`. */
  #distance(position: number): number {
    return this.#count - position - 1;
  }

  #write(code: number, yes: number, no: number, operand: number): Target {
    if (this.#offset() === 0) {
      this.#grow();
    }
    const offset = this.#offset() - 2;
    this.#words[offset] = code | (yes << 16) | (no << 24);
    this.#words[offset + 1] = operand;
    this.#count += 1;
    return { kind: "code", position: this.#count - 1 };
  }

  /** Index of the first word in use. */
  #offset(): number {
    return this.#words.length - this.#count * 2;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#words.length * 2);
    larger.set(this.#words, this.#words.length);
    this.#words = larger;
  }
}
