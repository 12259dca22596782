// What /proc tells of the processes of a container, with pids and users as the container knows them.

import { OcicatError } from "../../error/ocicat-error.ts";
import { readAccounts } from "../../image/accounts.ts";
import { bootMs, startedBootMs } from "../../sys/clock.ts";
import { readTextFileIfExists } from "../../sys/file.ts";

export interface ProcessDetails {
  readonly hostPid: number;
  /** In the container's process namespace; 0: the parent is outside of it. */
  readonly pid: number;
  readonly parentPid: number;
  readonly groupLeader: number;
  readonly command: string;
  /** Its arguments; its name where it has none, as kernel threads and zombies. */
  readonly args: readonly string[];
  /** "S", "R"... as proc(5) has it. */
  readonly state: string;
  readonly nice: number;
  /** "pts/0", or "?". */
  readonly terminal: string;
  readonly cpuMs: number;
  readonly elapsedMs: number;
  /** KiB. */
  readonly virtualSize: number;
  readonly residentSize: number;
  /** By name, or number where nobody has one. */
  readonly users: Identity;
  readonly groups: Identity & { readonly further: readonly string[] };
  /** "CapEff" and so on, in hexadecimal. */
  readonly capabilities: Readonly<Record<string, string>>;
  /** "0": disabled, "1": strict, "2": filter. */
  readonly seccomp: string;
  /** Of a security module; empty: none. */
  readonly label: string;
}

export interface Identity {
  readonly real: string;
  readonly effective: string;
  /** Of the effective one, on the host. */
  readonly onHost: string;
}

/** Of one container, its first process before the others. Without those that have ended meanwhile. */
export function processDetails(pids: readonly number[]): readonly ProcessDetails[] {
  const raw = pids.flatMap((pid) => readRaw(pid) ?? []);
  const inside = new Map(raw.map(({ pid, status }) => [pid, innermost(status.get("NSpid"))]));
  const hosts = accountsAt("/");
  const [first] = pids;
  const own = first === undefined ? NO_ACCOUNTS : accountsAt(`/proc/${first}/root`);
  return raw.map((each) => describe(each, { inside, own, hosts }));
}

interface RawProcess {
  readonly pid: number;
  readonly status: ReadonlyMap<string, string>;
  /** Behind the name in /proc/PID/stat. */
  readonly stat: readonly string[];
}

function readRaw(pid: number): RawProcess | undefined {
  const status = textOf(`/proc/${pid}/status`);
  const stat = textOf(`/proc/${pid}/stat`);
  if (status === "" || stat === "") {
    return undefined;
  }
  const lines = status.split("\n").map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()];
  });
  return { pid, status: new Map(lines), stat: stat.slice(stat.lastIndexOf(")") + 2).split(" ") };
}

/** The last of several namespaces. */
function innermost(text = ""): number {
  return Number(text.split(/\s+/).at(-1) ?? 0);
}

type Names = ReadonlyMap<number, string>;

interface Accounts {
  readonly passwd: Names;
  readonly group: Names;
}

const NO_ACCOUNTS: Accounts = { passwd: new Map(), group: new Map() };

interface Surrounding {
  /** Pids inside by those of the host. */
  readonly inside: ReadonlyMap<number, number>;
  readonly own: Accounts;
  readonly hosts: Accounts;
}

/** Places in `stat`. */
const PARENT = 1;
const TERMINAL = 4;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const NICE = 16;
const START_TIME = 19;
/** USER_HZ is 100 on every machine that ocicat runs on. */
const MS_PER_TICK = 10;

function describe(
  { pid, status, stat }: RawProcess,
  { inside, own, hosts }: Surrounding,
): ProcessDetails {
  const field = (name: string): string => status.get(name) ?? "";
  const number = (place: number): number => Number(stat[place] ?? 0);
  const args = textOf(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
  const further = field("Groups").split(/\s+/).filter(Boolean).map(Number);
  const uids = new IdNames(`/proc/${pid}/uid_map`, own.passwd);
  const gids = new IdNames(`/proc/${pid}/gid_map`, own.group);
  return {
    hostPid: pid,
    pid: inside.get(pid) ?? 0,
    parentPid: inside.get(number(PARENT)) ?? 0,
    groupLeader: innermost(status.get("NSpgid")),
    command: field("Name"),
    args: args.length === 0 ? [`[${field("Name")}]`] : args,
    state: field("State").slice(0, 1),
    nice: number(NICE),
    terminal: terminalName(number(TERMINAL)),
    cpuMs: (number(USER_TICKS) + number(SYSTEM_TICKS)) * MS_PER_TICK,
    elapsedMs: Math.max(0, bootMs() - startedBootMs(stat[START_TIME] ?? "0")),
    virtualSize: Number.parseInt(field("VmSize"), 10) || 0,
    residentSize: Number.parseInt(field("VmRSS"), 10) || 0,
    users: identity(field("Uid"), uids, hosts.passwd),
    groups: {
      ...identity(field("Gid"), gids, hosts.group),
      further: further.map((gid) => gids.nameOf(gid)),
    },
    capabilities: Object.fromEntries([...status].filter(([name]) => name.startsWith("Cap"))),
    seccomp: field("Seccomp"),
    label: textOf(`/proc/${pid}/attr/current`).replaceAll(/[\0\n]/g, ""),
  };
}

function identity(text: string, inside: IdNames, hosts: Names): Identity {
  const [real = 0, effective = 0] = text.split(/\s+/).map(Number);
  return {
    real: inside.nameOf(real),
    effective: inside.nameOf(effective),
    onHost: hosts.get(effective) ?? String(effective),
  };
}

/** Names that a container has for ids of the host. */
class IdNames {
  readonly #ranges: readonly (readonly number[])[];
  readonly #names: Names;

  /** `mapPath`: what user_namespaces(7) says of the process's namespace, seen from here. */
  constructor(mapPath: string, names: Names) {
    const lines = textOf(mapPath).trim().split("\n");
    this.#ranges = lines.map((line) => line.trim().split(/\s+/).map(Number));
    this.#names = names;
  }

  nameOf(id: number): string {
    for (const [inside = 0, outside = 0, count = 0] of this.#ranges) {
      if (id >= outside && id < outside + count) {
        const own = inside + id - outside;
        return this.#names.get(own) ?? String(own);
      }
    }
    return String(id);
  }
}

/** `root`: of the files. */
function accountsAt(root: string): Accounts {
  try {
    const { passwd, group } = readAccounts([root]);
    return { passwd: namesOf(passwd), group: namesOf(group) };
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    // It has ended, or is another user's.
    return NO_ACCOUNTS;
  }
}

/** Of passwd(5) and group(5); the first name of an id counts. */
function namesOf(text: string): Names {
  const pairs = text.split("\n").flatMap((line): [number, string][] => {
    const [name = "", , id = ""] = line.split(":");
    return name !== "" && /^\d+$/.test(id) ? [[Number(id), name]] : [];
  });
  return new Map(pairs.toReversed());
}

const PTS_MAJORS = { first: 136, last: 143 };
const CONSOLE_MAJOR = 4;

function terminalName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTS_MAJORS.first && major <= PTS_MAJORS.last) {
    return `pts/${minor + (major - PTS_MAJORS.first) * 256}`;
  }
  return device !== 0 && major === CONSOLE_MAJOR ? `tty${minor}` : "?";
}

/** Empty where there is nothing to read. */
function textOf(path: string): string {
  try {
    return readTextFileIfExists(path) ?? "";
  } catch (error) {
    if (error instanceof OcicatError) {
      return "";
    }
    throw error;
  }
}
