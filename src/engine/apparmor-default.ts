// The profile of AppArmor that containers have unless another one is asked for: what docker's and podman's
// default profiles allow and deny. It says once more, for root in a container that has too many capabilities,
// what masks, read-only mounts and namespaces say already.
//
// It is compiled and loaded by AppArmor's own apparmor_parser(8), and stays loaded until the host is booted.

import { quote } from "../error/ocicat-error.ts";
import { findProgram } from "../host/find-program.ts";
import { readSetting } from "../host/read-setting.ts";
import { exitCodeOf } from "../sys/process.ts";
import { runProgram } from "../sys/run-program.ts";

/** A change of the rules needs another number: a profile of this name is not loaded again. */
export const DEFAULT_PROFILE = "ocicat-default-1";

const LOADED_PROFILES = "/sys/kernel/security/apparmor/profiles";

/** Loads it where it isn't yet. Where it can't be, the container has none, and `ocicat doctor` says so. */
export function loadDefaultProfile(
  onWarning: ((text: string) => void) | undefined,
): string | undefined {
  if (isLoaded(DEFAULT_PROFILE)) {
    return DEFAULT_PROFILE;
  }
  const parser = findProgram("apparmor_parser");
  if (parser === undefined) {
    return undefined;
  }
  const failure = load(parser);
  if (failure === undefined) {
    return DEFAULT_PROFILE;
  }
  onWarning?.(
    `the container has no profile of AppArmor's: ${quote(parser)} could not load ${quote(DEFAULT_PROFILE)}: ${failure}`,
  );
  return undefined;
}

/** The kernel lists "NAME (MODE)" in lines. */
export function isLoaded(profile: string): boolean {
  return (readSetting(LOADED_PROFILES) ?? "")
    .split("\n")
    .some((line) => line.startsWith(`${profile} (`));
}

/** Returns what the parser says when it fails. Loading it twice at once does no harm. */
function load(parser: string): string | undefined {
  const args = [parser, "--replace", "--skip-cache"];
  const run = { path: parser, args, environment: [], input: defaultProfile() };
  const { status, said } = runProgram(run);
  return exitCodeOf(status) === 0
    ? undefined
    : said.trim().replaceAll("\n", "; ") || `exit status ${exitCodeOf(status)}`;
}

/** In the language of apparmor.d(5). Deny rules win over those that allow. */
export function defaultProfile(): string {
  const rules = [...ALLOWED, ...deniedInProc(), ...deniedInSys()];
  return [
    `profile ${DEFAULT_PROFILE} flags=(attach_disconnected,mediate_deleted) {`,
    ...rules.map((rule) => `  ${rule},`),
    "}",
    "",
  ].join("\n");
}

/** Processes of one profile may signal and trace each other; those of the host may signal and look at them. */
const ALLOWED = [
  "network",
  "capability",
  "file",
  "umount",
  "unix",
  "dbus",
  "signal (receive) peer=unconfined",
  `signal (send, receive) peer=${DEFAULT_PROFILE}`,
  "signal (send, receive) set=(exists)",
  "ptrace (readby, tracedby)",
  `ptrace (trace, read) peer=${DEFAULT_PROFILE}`,
  "deny mount",
];

/** Of /proc, processes' own folders can be written, and in /proc/sys what limits shared memory. */
function deniedInProc(): string[] {
  const writes = [
    "*",
    "[^1-9s]*/**",
    "s[^y]*/**",
    "sysv*/**",
    ...allButBelow("sys/", "kernel/shm").map((path) => `${path}**`),
  ];
  const anyUse = ["kcore", "sysrq-trigger"];
  return [
    ...writes.map((path) => `deny /proc/${path} wkl`),
    ...anyUse.map((path) => `deny /proc/${path} rwklx`),
  ];
}

/** Of /sys, cgroups alone can be written. */
function deniedInSys(): string[] {
  const writes = allButBelow("", "fs/cgroup").map((path) => `${path}**`);
  const anyUse = ["firmware/**", "devices/virtual/powercap/**", "kernel/security/**"];
  return [
    ...writes.map((path) => `deny /sys/${path} wklx`),
    ...anyUse.map((path) => `deny /sys/${path} rwklx`),
  ];
}

/**
 * Patterns of what begins otherwise than `kept`, one for each of its characters: there is no other way to say
 * "all but". With "sys/" and "ab": sys/[^a], sys/a[^b].
 */
function allButBelow(folder: string, kept: string): string[] {
  return [...kept].map((character, index) => `${folder}${kept.slice(0, index)}[^${character}]`);
}
