// "did you mean": which of the known words a mistyped one is closest to.

const FARTHEST = 2;
/** Of so many letters, two others would be another word. */
const SHORT = 3;

/** The known word that is at most two letters away, one from a short one. */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, distance: wordDistance(word, each) }))
    .filter(({ distance }) => distance <= farthest(word))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each;
}

function farthest({ length }: string): number {
  return length <= SHORT ? Math.min(1, length - 1) : FARTHEST;
}

/** Letters to insert, to delete, to replace or to swap with their neighbour. */
export function wordDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const at = (line: readonly number[], index: number) => line[index] ?? 0;
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
