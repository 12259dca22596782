// Reads what a validation program prints (TAP 13) and compares two runs of it.
//
//   ok 4 - create MUST generate an error if the ID is not provided
//     ---
//     {
//       "error": "...",
//       "reference": "..."
//     }
//     ...
//   not ok 5 - ...

export type TapReport = {
  readonly exitCode: number;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /**
   * Errors told in a block that belongs to no assertion: some programs print nothing else when they
   * fail. (A block below an assertion only explains it.)
   */
  readonly errors: readonly string[];
};

export function parseTap(output: string, exitCode: number): TapReport {
  const lines = output.split("\n");
  const outsideBlocks = lines.filter((line) => !line.startsWith(" "));
  return {
    exitCode,
    passed: matching(outsideBlocks, /^ok \d+ - (.*)$/),
    failed: matching(outsideBlocks, /^not ok \d+ - (.*)$/),
    errors: matching(linesOfFreeBlocks(lines), /^ {4}"error": "(.*)",?$/),
  };
}

/** A block is indented; it belongs to the assertion right above it. */
function linesOfFreeBlocks(lines: readonly string[]): string[] {
  let above = "";
  return lines.filter((line) => {
    if (line.startsWith(" ")) {
      return !/^(not )?ok /.test(above);
    }
    above = line;
    return false;
  });
}

function matching(lines: readonly string[], pattern: RegExp): string[] {
  return lines.flatMap((line) => {
    const text = pattern.exec(line)?.[1];
    return text === undefined ? [] : [withoutAccidents(text)];
  });
}

/** Takes out what differs from run to run: ids, temporary folders, pointers, times. */
function withoutAccidents(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/\/\S*\/ocitest\d+/g, "BUNDLE")
    .replaceAll(/0x[0-9a-f]+/g, "POINTER");
}

/**
 * What is worse in `tested` than in `baseline`, in words; empty when nothing is. Nothing is worse than a
 * run that failed before it passed a single assertion: it never came to what the other fails.
 */
export function worseThan(tested: TapReport, baseline: TapReport): string[] {
  if (baseline.passed.length === 0 && baseline.exitCode + baseline.failed.length > 0) {
    return [];
  }
  const status =
    tested.exitCode !== 0 && baseline.exitCode === 0 ? [`exit code ${tested.exitCode}`] : [];
  return [
    ...status,
    ...surplus(tested.failed, baseline.failed).map((text) => `fails anew: ${text}`),
    ...surplus(tested.errors, baseline.errors).map((text) => `error anew: ${text}`),
    ...surplus(baseline.passed, tested.passed).map((text) => `passes no longer: ${text}`),
  ];
}

/**
 * As worseThan, by the numbers alone: for programs that stop at their first failure, where a runtime that
 * gets further fails something that the other never reached.
 */
export function worseByNumbers(tested: TapReport, baseline: TapReport): string[] {
  const worse: string[] = [];
  if (tested.exitCode !== 0 && baseline.exitCode === 0) {
    worse.push(`exit code ${tested.exitCode}`);
  }
  if (tested.failed.length > baseline.failed.length) {
    worse.push(`fails ${tested.failed.length} instead of ${baseline.failed.length}`);
  }
  if (tested.passed.length < baseline.passed.length) {
    worse.push(`passes ${tested.passed.length} instead of ${baseline.passed.length}`);
  }
  return worse;
}

/** The texts that `more` has oftener than `less`, each once. */
function surplus(more: readonly string[], less: readonly string[]): string[] {
  const count = (texts: readonly string[], text: string) =>
    texts.filter((other) => other === text).length;
  return [...new Set(more)].filter((text) => count(more, text) > count(less, text));
}
