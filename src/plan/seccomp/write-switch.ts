// Writes the search for the range that a loaded word falls into: a balanced tree of comparisons.

import { BPF_JEQ, BPF_JGE } from "../../abi/classic-bpf.ts";
import type { BpfWriter, Target } from "./bpf-writer.ts";

/** Ranges of 32-bit values, each with the target of its values. The first one starts at zero. */
export class Ranges {
  readonly #ranges: Range[] = [];

  /** From `start` on, values lead to `target`. Starts never shrink; the last word on one counts. */
  append(start: number, target: Target): void {
    if (this.#ranges.at(-1)?.start === start) {
      this.#ranges.pop();
    }
    if (this.#ranges.at(-1)?.target !== target) {
      this.#ranges.push({ start, target });
    }
  }

  /** Ranges that surround one exceptional value become one: a test for equality tells the two apart. */
  segments(): Segment[] {
    const segments: Segment[] = [];
    let index = 0;
    for (let range = this.#ranges[0]; range !== undefined; range = this.#ranges[index]) {
      const exception = this.#ranges[index + 1];
      const after = this.#ranges[index + 2];
      if (isException(range, exception, after)) {
        segments.push({ ...range, exception });
        index += 3;
      } else {
        segments.push(range);
        index += 1;
      }
    }
    return segments;
  }
}

interface Range {
  readonly start: number;
  readonly target: Target;
}

interface Segment extends Range {
  /** One value within it that leads elsewhere. */
  readonly exception?: Range;
}

function isException(
  before: Range,
  between: Range | undefined,
  after: Range | undefined,
): between is Range {
  return (
    between !== undefined && before.target === after?.target && after.start === between.start + 1
  );
}

/** Loads the word at `offset` and goes to the target of its range. */
export function writeSwitch(writer: BpfWriter, offset: number, ranges: Ranges): Target {
  const segments = ranges.segments();
  const tree = writeTree(writer, segments, 0, segments.length);
  const isDecided = segments.length === 1 && segments[0]?.exception === undefined;
  return isDecided ? tree : writer.load(offset);
}

/** Tells apart the segments from `from` up to and without `to`. */
function writeTree(
  writer: BpfWriter,
  segments: readonly Segment[],
  from: number,
  to: number,
): Target {
  const middle = (from + to) >> 1;
  const segment = segments[middle];
  if (segment === undefined) {
    throw new RangeError("a switch without ranges");
  }
  if (to - from === 1) {
    return writeSegment(writer, segment);
  }
  const yes = writeTree(writer, segments, middle, to);
  const no = writeTree(writer, segments, from, middle);
  return writer.compare(BPF_JGE, segment.start, { yes, no });
}

function writeSegment(writer: BpfWriter, segment: Segment): Target {
  const { exception, target } = segment;
  if (exception === undefined) {
    return target;
  }
  return writer.compare(BPF_JEQ, exception.start, { yes: exception.target, no: target });
}
