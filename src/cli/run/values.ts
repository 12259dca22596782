// What the values of single flags mean.

import type { PullPolicy } from "../../config/schema.ts";
import type { RunContainerOptions } from "../../engine/run-options.ts";
import { badValue } from "./bad-value.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** "512m", "1.5g", "100000", of any flag: in bytes, at least one. */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmg]?)(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? "").toLowerCase()] ?? 1));
  if (match === null || bytes === 0 || !Number.isSafeInteger(bytes)) {
    throw badValue(flag, text, "it is not a number of bytes, with k, m or g behind it or nothing");
  }
  return bytes;
}

/** A whole number from `lowest` to `highest`. */
export function parseWhole(
  flag: string,
  text: string,
  [lowest, highest]: readonly [number, number],
): number {
  const value = Number(text);
  if (!/^-?\d{1,15}$/.test(text) || value < lowest || value > highest) {
    throw badValue(flag, text, `it is not a number from ${lowest} to ${highest}`);
  }
  return value;
}

/** KEY=VALUE, each key once: the last one counts. */
export function parsePairs(flag: string, texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) {
      throw badValue(flag, text, "it is not of the form NAME=VALUE");
    }
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

export function parseCpus(text: string): number {
  const cpus = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : 0;
  // The kernel takes no quota below a millisecond of the period's hundred.
  if (cpus < 0.01) {
    throw badValue("cpus", text, "it is not a number of processors from 0.01 on");
  }
  return cpus;
}

/** Undefined for no limit. */
export function parsePidsLimit(text: string): number | undefined {
  if (!/^(-1|\d{1,9})$/.test(text)) {
    throw badValue("pids-limit", text, "it is not a number of processes");
  }
  const limit = Number(text);
  return limit <= 0 ? undefined : limit;
}

/** A word, as docker has it; a JSON array of words, as podman takes it too. */
export function parseEntrypoint(text: string): string[] {
  if (!text.startsWith("[")) {
    return text === "" ? [] : [text];
  }
  const words = parseJson(text);
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    throw badValue("entrypoint", text, "it is not a JSON array of strings");
  }
  return words;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const PULL_POLICIES: Readonly<Record<string, PullPolicy>> = {
  missing: "missing",
  always: "always",
  newer: "newer",
  never: "never",
  // As podman has it: --pull and --pull=false.
  true: "always",
  false: "missing",
};

export function parsePullPolicy(text: string): PullPolicy {
  const policy = Object.hasOwn(PULL_POLICIES, text) ? PULL_POLICIES[text] : undefined;
  if (policy === undefined) {
    throw badValue("pull", text, "it is one of missing, always, newer and never");
  }
  return policy;
}

/** --image-volume; podman's "bind" is a new volume. */
export function parseImageVolumes(text: string): Pick<RunContainerOptions, "imageVolumes"> {
  if (text === "tmpfs" || text === "ignore") {
    return { imageVolumes: text };
  }
  if (!["bind", "anonymous", ""].includes(text)) {
    throw badValue("image-volume", text, "it is one of bind, tmpfs and ignore");
  }
  return {};
}
