// The process of a container that runs an image: what the image's configuration says (image-spec
// config.md), what the user asked for on top of it, and the accounts of the image's /etc/passwd and
// /etc/group. No I/O: src/image/accounts.ts reads the two files.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageAccounts } from "../image/accounts.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import { lookupFailure } from "../runtime/program-failure.ts";
import { findAccount, findGroup } from "./accounts.ts";

/** The part of an image's configuration that makes a process. */
export type ProcessDefaults = Pick<
  ImageConfig,
  "User" | "Env" | "Entrypoint" | "Cmd" | "WorkingDir" | "StopSignal"
>;

export interface ProcessRequest {
  /** The words after the image; empty: the image's Cmd. */
  readonly command: readonly string[];
  /** Replaces the image's Entrypoint, and drops its Cmd; an empty list means none at all. */
  readonly entrypoint?: readonly string[];
  /** "NAME=value", which wins over the image's; "NAME" alone takes the image's away. */
  readonly env?: readonly string[];
  /** "NAME=value" with "${OTHER}" for the image's; set before `env`. */
  readonly mergedEnv?: readonly string[];
  /** Without the image's and those that every container has. */
  readonly clearsEnv?: boolean;
  /** Absolute. */
  readonly workdir?: string;
  /** USER[:GROUP], names or numbers. */
  readonly user?: string;
  /** Names or numbers, in addition to those of /etc/group. */
  readonly additionalGroups?: readonly string[];
  readonly terminal: boolean;
  readonly hostname: string;
}

/** The members of a runtime-spec `process` that follow from an image. */
export interface ImageProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids: readonly number[];
  };
  /** "SIGTERM" unless the image says otherwise. */
  readonly stopSignal: string;
}

export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Throws OcicatError invalid-argument for an unknown user or group, or when nothing is to be run. */
export function imageProcess(
  defaults: ProcessDefaults,
  request: ProcessRequest,
  accounts: ImageAccounts,
): ImageProcess {
  const account = findAccount(request.user ?? defaults.User ?? "", accounts);
  const added = (request.additionalGroups ?? []).map((group) => findGroup(group, accounts));
  // The group itself is among the supplementary ones, so that no file can single its members out for
  // fewer permissions by dropping it (CVE-2022-36109).
  const gids = new Set([account.gid, ...account.supplementaryGids, ...added]);
  return {
    args: imageArguments(defaults, request),
    env: processEnvironment(defaults, request, account.home),
    cwd: workingDirectory(defaults, request),
    user: { uid: account.uid, gid: account.gid, additionalGids: [...gids] },
    stopSignal: defaults.StopSignal || "SIGTERM",
  };
}

/** The program and its arguments. */
export function imageArguments(
  defaults: ProcessDefaults,
  request: Pick<ProcessRequest, "command" | "entrypoint">,
): string[] {
  const { command, entrypoint } = request;
  const arguments_ = command.length > 0 || entrypoint !== undefined ? command : defaults.Cmd;
  const args = [...(entrypoint ?? defaults.Entrypoint ?? []), ...(arguments_ ?? [])];
  if (args.length === 0) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "the image",
      reason: "it names no command",
      hint: "give one behind the image's name",
    });
  }
  requireProgramName(args);
  return args;
}

/** An empty name is that of no file, in the words (and with the exit code) of one that is not found. */
export function requireProgramName([name]: readonly string[]): void {
  if (name === "") {
    throw lookupFailure(quote(name), Errno.ENOENT);
  }
}

function processEnvironment(
  defaults: ProcessDefaults,
  request: ProcessRequest,
  home: string,
): string[] {
  const { env = [], mergedEnv = [], clearsEnv = false } = request;
  const variables = new Map([
    ["PATH", DEFAULT_PATH],
    ["HOSTNAME", request.hostname],
    ...(request.terminal ? ([["TERM", "xterm"]] as const) : []),
  ]);
  setVariables(variables, defaults.Env ?? []);
  const merged = mergedEnv.map((entry) => merge(entry, variables));
  if (clearsEnv) {
    variables.clear();
  }
  setVariables(variables, [...merged, ...env]);
  if (!(clearsEnv || variables.has("HOME"))) {
    variables.set("HOME", home);
  }
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function setVariables(variables: Map<string, string>, entries: readonly string[]): void {
  for (const entry of entries) {
    const equals = entry.indexOf("=");
    if (equals < 0) {
      variables.delete(entry);
    } else {
      variables.set(entry.slice(0, equals), entry.slice(equals + 1));
    }
  }
}

/** "$OTHER" and "${OTHER}" stand for variables that are set already; one that is not is empty. */
function merge(entry: string, variables: ReadonlyMap<string, string>): string {
  const value = entry.indexOf("=") + 1;
  const text = entry.slice(value).replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, plain) => {
    return variables.get(braced ?? plain) ?? "";
  });
  return entry.slice(0, value) + text;
}

function workingDirectory(defaults: ProcessDefaults, request: ProcessRequest): string {
  if (request.workdir !== undefined && !request.workdir.startsWith("/")) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the working directory ${quote(request.workdir)}`,
      reason: "it is not an absolute path",
    });
  }
  return absolutePath(request.workdir ?? defaults.WorkingDir ?? "/");
}

/** Without "." and "..", of an image's path that may be relative to its root. */
function absolutePath(path: string): string {
  const components: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") {
      components.pop();
    } else if (name !== "" && name !== ".") {
      components.push(name);
    }
  }
  return `/${components.join("/")}`;
}
