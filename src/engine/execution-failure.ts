// The exit codes of the shell for a process that could not be executed in a container.

import { OcicatError } from "../error/ocicat-error.ts";

/** `ocicat` itself failed. */
const EXIT_OWN_FAILURE = 125;
const EXIT_CANNOT_EXECUTE = 126;
const EXIT_NOT_FOUND = 127;

/** 127: the program could not be found; 126: it could not be executed; `otherwise`: anything else. */
export function executionFailureCode(
  { operation, code, subject }: OcicatError,
  otherwise = EXIT_OWN_FAILURE,
): number {
  const isLookup = operation === "exec:";
  const isExecution = operation === "process.args:" && subject.startsWith("execute ");
  if (!isLookup && !isExecution) {
    return operation === "process.cwd:" ? EXIT_CANNOT_EXECUTE : otherwise;
  }
  return code === "not-found" ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/** The container was as it was asked for, but for its program. */
export function isExecutionFailure(error: unknown): boolean {
  return error instanceof OcicatError && executionFailureCode(error) !== EXIT_OWN_FAILURE;
}
