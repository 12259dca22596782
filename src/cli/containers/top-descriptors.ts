// Podman's descriptors of the columns of `top`, in place of options of ps: `top web pid user seccomp args`.

import type { Identity, ProcessDetails } from "../../engine/containers/process-details.ts";
import { CAPABILITIES } from "../../oci/process.ts";
import { printable } from "../terminal/printable.ts";
import { formatTable } from "../terminal/table.ts";

interface Column {
  readonly head: string;
  readonly cell: (process: ProcessDetails) => string;
}

const ofUser =
  (which: keyof Identity) =>
  ({ users }: ProcessDetails): string =>
    users[which];

const ofGroup =
  (which: keyof Identity) =>
  ({ groups }: ProcessDetails): string =>
    groups[which];

const capabilities =
  (set: string) =>
  (process: ProcessDetails): string =>
    capabilityNames(process.capabilities[set] ?? "");

const SECCOMP_MODES = ["disabled", "strict", "filter"];

const COLUMNS: Readonly<Record<string, Column>> = {
  args: { head: "COMMAND", cell: ({ args }) => args.join(" ") },
  capamb: { head: "AMBIENT CAPS", cell: capabilities("CapAmb") },
  capbnd: { head: "BOUNDING CAPS", cell: capabilities("CapBnd") },
  capeff: { head: "EFFECTIVE CAPS", cell: capabilities("CapEff") },
  capinh: { head: "INHERITED CAPS", cell: capabilities("CapInh") },
  capprm: { head: "PERMITTED CAPS", cell: capabilities("CapPrm") },
  comm: { head: "COMMAND", cell: ({ command }) => command },
  etime: { head: "ELAPSED", cell: ({ elapsedMs }) => duration(elapsedMs) },
  group: { head: "GROUP", cell: ofGroup("effective") },
  groups: { head: "GROUPS", cell: ({ groups }) => groups.further.join(",") },
  hgroup: { head: "HGROUP", cell: ofGroup("onHost") },
  hpid: { head: "HPID", cell: ({ hostPid }) => String(hostPid) },
  huser: { head: "HUSER", cell: ofUser("onHost") },
  label: { head: "LABEL", cell: ({ label }) => label },
  nice: { head: "NI", cell: ({ nice }) => String(nice) },
  pcpu: { head: "%CPU", cell: processorShare },
  pgid: { head: "PGID", cell: ({ groupLeader }) => String(groupLeader) },
  pid: { head: "PID", cell: ({ pid }) => String(pid) },
  ppid: { head: "PPID", cell: ({ parentPid }) => String(parentPid) },
  rgroup: { head: "RGROUP", cell: ofGroup("real") },
  rss: { head: "RSS", cell: ({ residentSize }) => String(residentSize) },
  ruser: { head: "RUSER", cell: ofUser("real") },
  seccomp: { head: "SECCOMP", cell: ({ seccomp }) => SECCOMP_MODES[Number(seccomp)] ?? seccomp },
  state: { head: "STATE", cell: ({ state }) => state },
  stime: { head: "STIME", cell: startTime },
  time: { head: "TIME", cell: ({ cpuMs }) => duration(cpuMs) },
  tty: { head: "TTY", cell: ({ terminal }) => terminal },
  user: { head: "USER", cell: ofUser("effective") },
  vsz: { head: "VSZ", cell: ({ virtualSize }) => String(virtualSize) },
};

/** AIX's short forms, of ps(1). */
const SHORT: Readonly<Record<string, string>> = {
  "%C": "pcpu",
  "%G": "group",
  "%P": "ppid",
  "%U": "user",
  "%a": "args",
  "%c": "comm",
  "%g": "rgroup",
  "%n": "nice",
  "%p": "pid",
  "%r": "pgid",
  "%t": "etime",
  "%u": "ruser",
  "%x": "time",
  "%y": "tty",
  "%z": "vsz",
};

/** "pid,user" and "pid user" alike. Undefined: they are options of ps. */
export function parseDescriptors(words: readonly string[]): readonly string[] | undefined {
  const names = words.flatMap((word) => word.split(",")).map((word) => SHORT[word] ?? word);
  return names.length > 0 && names.every((name) => Object.hasOwn(COLUMNS, name))
    ? names
    : undefined;
}

export function describedProcesses(
  names: readonly string[],
  processes: readonly ProcessDetails[],
): string {
  const columns = names.flatMap((name) => COLUMNS[name] ?? []);
  return formatTable([
    columns.map(({ head }) => head),
    ...processes.map((process) => columns.map(({ cell }) => inOneLine(cell(process)))),
  ]);
}

/** Processes name themselves as they like. */
function inOneLine(text: string): string {
  return printable(text).replaceAll(/[\t\n]/g, " ");
}

function processorShare({ cpuMs, elapsedMs }: ProcessDetails): string {
  return (elapsedMs === 0 ? 0 : (100 * cpuMs) / elapsedMs).toFixed(3);
}

function startTime({ elapsedMs }: ProcessDetails): string {
  return new Date(Date.now() - elapsedMs).toISOString().replace(/\.\d+Z$/, "Z");
}

/** As Go writes it: "1h2m12.5s". */
function duration(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) {
    return `${hours}h${minutes}m${rest}`;
  }
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function capabilityNames(mask: string): string {
  const bits = BigInt(`0x${/^[0-9a-f]+$/i.test(mask) ? mask : "0"}`);
  const held = CAPABILITIES.filter((_, number) => ((bits >> BigInt(number)) & 1n) === 1n);
  if (held.length === CAPABILITIES.length) {
    return "full";
  }
  return held.length === 0 ? "none" : held.map((name) => name.replace(/^CAP_/, "")).join(",");
}
