// The file of a command on Kubernetes' documents, or standard input.

import { KUBE_BYTES_LIMIT } from "../../engine/kube/parse-documents.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readAll, readTextFile } from "../../sys/file.ts";
import { decodeText } from "../../sys/memory.ts";
import { absolutePath } from "../absolute-path.ts";

const STDIN = 0;
const STDIN_NAME = "standard input";

export interface ReadDocument {
  readonly text: string;
  /** For messages. */
  readonly fileName: string;
}

/** `word`: a path, or "-". */
export function readDocument(word: string): ReadDocument {
  if (/^https?:\/\//.test(word)) {
    throw new OcicatError("unsupported", {
      operation: "read",
      subject: quote(word),
      reason: "nothing is fetched",
      hint: `what \`curl -fsSL ${word}\` writes can be piped into this command, with - in place of the URL`,
    });
  }
  return word === "-"
    ? { text: decodeText(readAll(STDIN, STDIN_NAME, KUBE_BYTES_LIMIT)), fileName: STDIN_NAME }
    : { text: readTextFile(absolutePath(word), KUBE_BYTES_LIMIT), fileName: word };
}
