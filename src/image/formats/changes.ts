// Changes to an image's configuration in the words of a Dockerfile, as `import --change` takes them: each is
// one instruction, "CMD ["sh"]" or, as podman has it, "CMD=sh". Source: Docker's Dockerfile reference.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Healthcheck, ImageConfig } from "../../oci/image-spec.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { expandText, splitWords, UnfinishedQuote } from "./change-words.ts";
import { parseHealthcheck } from "./healthcheck-change.ts";

/** Applies the changes in their order. Throws "invalid-argument" for what is no instruction. */
export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  return changes.reduce(applyChange, config);
}

type Instruction = (config: ImageConfig, value: string) => ImageConfig;

const DEFAULT_SHELL = ["/bin/sh", "-c"];
const MOST_PORTS = 65_536;

const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map<string, Instruction>([
  ["CMD", (config, value) => ({ ...config, Cmd: commandOf(config, value) })],
  ["ENTRYPOINT", (config, value) => ({ ...config, Entrypoint: commandOf(config, value) })],
  ["ENV", (config, value) => ({ ...config, Env: withVariables(config, value) })],
  ["EXPOSE", (config, value) => ({ ...config, ExposedPorts: withPorts(config, value) })],
  ["HEALTHCHECK", (config, value) => ({ ...config, Healthcheck: healthcheckOf(value) })],
  ["LABEL", (config, value) => ({ ...config, Labels: withLabels(config, value) })],
  ["STOPSIGNAL", (config, value) => ({ ...config, StopSignal: expanded(config, value) })],
  ["USER", (config, value) => ({ ...config, User: expanded(config, value) })],
  ["VOLUME", (config, value) => ({ ...config, Volumes: withVolumes(config, value) })],
  ["WORKDIR", (config, value) => ({ ...config, WorkingDir: folderOf(config, value) })],
]);

function applyChange(config: ImageConfig, change: string): ImageConfig {
  const match = /^\s*([A-Za-z]+)(?:\s+|\s*=\s*)(.*?)\s*$/s.exec(change);
  const name = match?.[1]?.toUpperCase() ?? "";
  const instruction = INSTRUCTIONS.get(name);
  if (instruction === undefined) {
    const known = [...INSTRUCTIONS.keys()].join(", ");
    throw refused(change, `it does not begin with one of ${known}`);
  }
  const value = match?.[2] ?? "";
  try {
    if (value === "") {
      throw new WrongChange(`${name} has no value`);
    }
    return instruction(config, value);
  } catch (error) {
    if (error instanceof WrongChange || error instanceof UnfinishedQuote) {
      throw refused(change, error.message);
    }
    throw error;
  }
}

class WrongChange extends Error {}

function refused(change: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "apply",
    subject: `the change ${quote(change.slice(0, 200))}`,
    reason,
  });
}

function healthcheckOf(value: string): Healthcheck {
  return parseHealthcheck(value, jsonList, (reason) => new WrongChange(reason));
}

/** A JSON list is the command itself; anything else is a line for the shell. */
function commandOf({ Shell = DEFAULT_SHELL }: ImageConfig, value: string): readonly string[] {
  return jsonList(value) ?? [...Shell, value];
}

function jsonList(value: string): readonly string[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(value);
  } catch {
    // Not JSON: the other form.
  }
  return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
}

function variable({ Env = [] }: ImageConfig, name: string): string | undefined {
  return Env.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

function expanded(config: ImageConfig, value: string): string {
  return expandText(value, (name) => variable(config, name));
}

function words(config: ImageConfig, value: string): readonly string[] {
  return splitWords(value, (name) => variable(config, name));
}

/** "a=1 b=2", or the old form "a 1", whose value is the rest of the line. */
function pairs(config: ImageConfig, value: string): readonly (readonly [string, string])[] {
  const [first = "", ...others] = words(config, value);
  if (!first.includes("=")) {
    const rest = value.slice(value.search(/\s|$/)).trim();
    if (rest === "") {
      throw new WrongChange(`${quote(first)} is not of the form NAME=VALUE`);
    }
    return [[first, expanded(config, rest)]];
  }
  return [first, ...others].map((word) => {
    const equals = word.indexOf("=");
    if (equals <= 0) {
      throw new WrongChange(`${quote(word)} is not of the form NAME=VALUE`);
    }
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** A variable that is there keeps its place. */
function withVariables(config: ImageConfig, value: string): readonly string[] {
  const names = (config.Env ?? []).map((each) => each.slice(0, each.indexOf("=")));
  const all = new Map(names.map((name) => [name, variable(config, name) ?? ""]));
  for (const [name, text] of pairs(config, value)) {
    all.set(name, text);
  }
  return [...all].map(([name, text]) => `${name}=${text}`);
}

function withLabels(config: ImageConfig, value: string): Readonly<Record<string, string>> {
  return { ...config.Labels, ...Object.fromEntries(pairs(config, value)) };
}

/** "80", "80/udp", "8000-8010/tcp". */
function withPorts(config: ImageConfig, value: string): Readonly<Record<string, unknown>> {
  const ports = words(config, value).flatMap((word) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
    const first = Number(match?.[1] ?? MOST_PORTS);
    const last = Number(match?.[2] ?? first);
    if (first > last || last >= MOST_PORTS) {
      throw new WrongChange(`${quote(word)} is not of the form PORT, PORT-PORT or PORT/PROTOCOL`);
    }
    const protocol = (match?.[3] ?? "tcp").toLowerCase();
    return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
  });
  return { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
}

function withVolumes(config: ImageConfig, value: string): Readonly<Record<string, unknown>> {
  const folders = jsonList(value) ?? words(config, value);
  if (folders.some((folder) => folder.trim() === "")) {
    throw new WrongChange("a volume has no path");
  }
  return { ...config.Volumes, ...Object.fromEntries(folders.map((folder) => [folder, {}])) };
}

/** Relative to the one that was set before. */
function folderOf(config: ImageConfig, value: string): string {
  const folder = expanded(config, value);
  const path = folder.startsWith("/") ? folder : `${config.WorkingDir ?? "/"}/${folder}`;
  return `/${pathComponents(path).join("/")}`;
}
