// An error in the words that the clients of an OCI runtime look for: test/peers/CLIENT-STRINGS.md says
// which program matches what. Everything that they match is made here, or checked here by the tests.

import { OcicatError } from "../../error/ocicat-error.ts";

/** What precedes the reason, as runc has it; the other verbs say the reason alone. */
const PREFIXES: Readonly<Record<string, string>> = {
  create: "ocicat-runtime create failed: ",
  run: "ocicat-runtime run failed: ",
  exec: "exec failed: ",
};

/** One text for the log and for standard error: of several lines where a document has several faults. */
export function clientMessage(verb: string, error: unknown): string {
  const prefix = PREFIXES[verb] ?? "";
  return `${prefix}${describe(error)}`;
}

function describe(error: unknown): string {
  if (!(error instanceof OcicatError)) {
    return `a defect of ocicat: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const reason = saysAll(error) ? error.reason : error.message;
  const hint = error.hint === undefined ? "" : ` (hint: ${error.hint})`;
  const others = error.cleanupFailures.map((failure) => `; then: ${describe(failure)}`).join("");
  return `${processPrefix(error)}${reason}${hint}${others}`;
}

/**
 * Reasons about the whole container are sentences of their own, which clients know by heart:
 * "container not running", "container does not exist".
 */
function saysAll(error: OcicatError): boolean {
  switch (error.code) {
    case "wrong-state":
      return error.subject.startsWith("container");
    case "not-found":
      return error.subject === "container";
    case "already-exists":
      return error.reason === "container with given ID already exists";
    case "invalid-argument":
      return error.subject === "the command line";
    default:
      return false;
  }
}

/** docker and podman derive 126 and 127 from what follows this. */
function processPrefix(error: OcicatError): string {
  return error.operation === "exec:" ? "unable to start container process: " : "";
}
