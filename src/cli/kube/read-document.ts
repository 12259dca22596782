// The file of a command on Kubernetes' documents, or standard input.

import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { absolutePath } from "../absolute-path.ts";

const BYTES_LIMIT = 4 * 1024 * 1024;

export interface ReadDocument {
  readonly text: string;
  /** For messages. */
  readonly fileName: string;
}

/** `word`: a path, or "-". */
export async function readDocument(word: string): Promise<ReadDocument> {
  return word === "-"
    ? { text: await readInput(), fileName: "standard input" }
    : { text: readTextFile(absolutePath(word), BYTES_LIMIT), fileName: word };
}

async function readInput(): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of Bun.stdin.stream()) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > BYTES_LIMIT) {
      throw new OcicatError("invalid-argument", {
        operation: "read",
        subject: "standard input",
        reason: `it is larger than ${BYTES_LIMIT} bytes`,
      });
    }
  }
  return text + decoder.decode();
}
