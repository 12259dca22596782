// Counts of a test run, and the closing line that carries them from a lane to the whole run:
//
//   12 passed, 0 failed
//   12 passed, 1 failed, 3 skipped

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const EMPTY_TALLY: Tally = { passed: 0, failed: 0, skipped: 0 };

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
    }),
    EMPTY_TALLY,
  );
}

export function closingLine(tally: Tally): string {
  const skipped = tally.skipped === 0 ? "" : `, ${tally.skipped} skipped`;
  return `${tally.passed} passed, ${tally.failed} failed${skipped}`;
}

/** Of a program that has run tests: what ran none has failed. */
export function exitStatus(tally: Tally): number {
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

export function parseClosingLine(line: string): Tally | undefined {
  const match = CLOSING_LINE.exec(line.trimEnd());
  if (match === null) {
    return undefined;
  }
  return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) };
}

/** How a lane ended: what its last line said, and its exit status. */
export interface LaneEnd {
  readonly lastLine: string;
  readonly status: number;
}

/**
 * The counts of a lane, which never look better than its end: one that dies before its closing line,
 * that closes on no test, or that exits with an error which it did not count, has one failure more.
 */
export function tallyOfLane(end: LaneEnd): Tally {
  const tally = parseClosingLine(end.lastLine);
  if (tally === undefined) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const hasHiddenFailure = end.status !== 0 && tally.failed === 0;
  const ranNothing = tally.passed + tally.failed === 0;
  return hasHiddenFailure || ranNothing ? { ...tally, failed: tally.failed + 1 } : tally;
}
