// The difference of two texts, line by line, in the manner of `diff -U`.

const CONTEXT = 1;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/**
 * Empty where they are equal. Parts without changes are shown as "...". Lines with the same key are the
 * same, and shown as the later text has them.
 */
export function diffTexts(
  before: string,
  after: string,
  keyOf: (line: string) => string = (line) => line,
): string {
  const keyed = (text: string) => linesOf(text).map((line) => ({ text: line, key: keyOf(line) }));
  const lines = diffLines(keyed(before), keyed(after));
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== " "),
  );
  if (!near.includes(true)) {
    return "";
  }
  let text = "";
  for (const [index, { sign, text: line }] of lines.entries()) {
    if (near[index] === true) {
      text += `${sign}${line}\n`;
    } else if (index === 0 || near[index - 1] === true) {
      text += "...\n";
    }
  }
  return text;
}

interface KeyedLine {
  readonly text: string;
  readonly key: string;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** A longest common subsequence; what both begin and end with is set aside first. */
function diffLines(before: readonly KeyedLine[], after: readonly KeyedLine[]): Line[] {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start]?.key === after[start]?.key) {
    start += 1;
  }
  let end = 0;
  while (end < shortest - start && before.at(-1 - end)?.key === after.at(-1 - end)?.key) {
    end += 1;
  }
  const same = ({ text }: KeyedLine): Line => ({ sign: " ", text });
  return [
    ...after.slice(0, start).map(same),
    ...diffMiddles(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ),
    ...after.slice(after.length - end).map(same),
  ];
}

function diffMiddles(before: readonly KeyedLine[], after: readonly KeyedLine[]): Line[] {
  const common = commonLengths(before, after);
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [one, other] = [before[i], after[j]];
    if (one !== undefined && one.key === other?.key) {
      lines.push({ sign: " ", text: other.text });
      i += 1;
      j += 1;
    } else if (one !== undefined && (other === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ sign: "-", text: one.text });
      i += 1;
    } else {
      lines.push({ sign: "+", text: other?.text ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** Of the longest common subsequence of what is left from line i of one and j of the other. */
function commonLengths(
  before: readonly KeyedLine[],
  after: readonly KeyedLine[],
): (i: number, j: number) => number {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const longest = Math.max(at(i + 1, j), at(i, j + 1));
      lengths[i * width + j] = before[i]?.key === after[j]?.key ? at(i + 1, j + 1) + 1 : longest;
    }
  }
  return at;
}
