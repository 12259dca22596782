// What Node's functions for files throw, as an error of ours.

import { quote, systemError } from "./ocicat-error.ts";

/** Runs `act`; where a system call of it fails the error names the operation and the path. */
export function namingFile<Result>(operation: string, path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && "errno" in error && typeof error.errno === "number") {
      throw systemError(Math.abs(error.errno), operation, quote(path), { cause: error });
    }
    throw error;
  }
}
