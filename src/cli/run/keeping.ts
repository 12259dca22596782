// Values of the flags that say how a container is kept: labels, log, what stops it.

import type { RestartPolicy } from "../../engine/containers/restart-policy.ts";
import type { RunLog } from "../../engine/run-options.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { parseSignal } from "../signal-argument.ts";
import { parseSize } from "./values.ts";
import { fileLines } from "./variables.ts";

/** --label-file and --label, which wins. */
export function labelsOf(
  flags: { list(name: "label" | "label-file"): readonly string[] },
  absolute: (path: string) => string,
): Readonly<Record<string, string>> {
  const files = flags.list("label-file").map((path) => readTextFile(absolute(path)));
  return parseLabels([...files.flatMap(fileLines), ...flags.list("label")]);
}

/** "KEY=VALUE", or "KEY" for an empty one. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels = texts.map((text) => {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    if (key === "") {
      throw wrong("--label", text, "it has no key");
    }
    return [key, equals < 0 ? "" : text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(labels);
}

/** Kept as it is written: "SIGTERM", "TERM" or "15". */
export function parseStopSignal(text: string): string {
  parseSignal(text);
  return text;
}

/** One that is removed at its end can't be started again. */
export function checkedRestart(policy: RestartPolicy, isRemoved: boolean): RestartPolicy {
  if (isRemoved && policy.kind !== "no") {
    throw wrong("--restart", policy.kind, "it does not go with --rm");
  }
  return policy;
}

const MOST_FILES = 100;

/** Docker's names for the driver of files are understood. */
export function parseLog(driver: string, options: readonly string[]): RunLog {
  if (!["file", "json-file", "local", "k8s-file", "none"].includes(driver)) {
    throw wrong("--log-driver", driver, 'it is neither "file" nor "none"');
  }
  const kind = driver === "none" ? "none" : "file";
  let log: RunLog = { driver: kind, maxSize: 0, maxFiles: 1, onFull: "block" };
  for (const option of options) {
    log = withOption(log, option);
  }
  return log;
}

function withOption(log: RunLog, option: string): RunLog {
  const equals = option.indexOf("=");
  const value = option.slice(equals + 1);
  switch (option.slice(0, Math.max(equals, 0))) {
    case "max-size":
      return { ...log, maxSize: value === "-1" ? 0 : parseSize("log-opt max-size", value) };
    case "max-file":
      return { ...log, maxFiles: parseFiles(option, value) };
    case "on-full":
      if (value === "block" || value === "drop") {
        return { ...log, onFull: value };
      }
      throw wrong("--log-opt", option, "on-full is block or drop");
    default:
      throw wrong("--log-opt", option, "it is none of max-size=, max-file=, on-full=");
  }
}

function parseFiles(option: string, value: string): number {
  const files = Number(value);
  if (!/^\d+$/.test(value) || files < 1 || files > MOST_FILES) {
    throw wrong("--log-opt", option, `there may be 1 to ${MOST_FILES} files`);
  }
  return files;
}

function wrong(flag: string, text: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `${flag} ${quote(text)}`,
    reason,
  });
}
