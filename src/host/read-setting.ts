// Small files that tell about the host and need not be there, or not be open to everybody.

import { OcicatError } from "../error/ocicat-error.ts";
import { readTextFileIfExists } from "../sys/file.ts";

const LARGEST = 1024 * 1024;

/** Without the white space around it. Undefined where the file is missing or cannot be read. */
export function readSetting(path: string): string | undefined {
  try {
    return readTextFileIfExists(path, LARGEST)?.trim();
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}
