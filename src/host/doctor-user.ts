// What `ocicat doctor` asks about whoever runs it: privileges, ids that are lent, folders.

import { AT_FDCWD } from "../abi/file.ts";
import { quote } from "../error/ocicat-error.ts";
import { CAPABILITIES } from "../oci/process.ts";
import { call } from "../sys/call.ts";
import { cstring } from "../sys/memory.ts";
import { readOwnCapabilities } from "./capabilities.ts";
import { type Check, note, ok, problem } from "./doctor-check.ts";
import { findProgram } from "./find-program.ts";
import { isOwnFolder } from "./own-folder.ts";
import { readSetting } from "./read-setting.ts";
import { sessionlessFolder } from "./sessionless-folder.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `stateRoot`: the folder for the state of what runs, where the configuration names one. */
export function checkUser(environment: Environment, stateRoot: string | undefined): Check[] {
  const uid = call("geteuid");
  return uid === 0
    ? [judgeCapabilities(readOwnCapabilities())]
    : [
        ok("user", `${uid}, without privileges: containers get a user namespace of their own`),
        checkNewPrivileges(),
        checkIdRanges(environment, uid),
        otherIds(),
        ...(stateRoot === undefined ? [checkRuntimeFolder(environment, uid)] : []),
      ];
}

/** Mapping the ids of a mount takes privileges over its file system, which users have of none on a disk. */
function otherIds(): Check {
  const way = "take a copy of the image for each map: only root may mount files with other owners";
  return ok("other ids", `--userns and --uidmap ${way}`);
}

/** Without these nothing that a container is made of can be made. */
const NEEDED = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_ADMIN",
  "CAP_SYS_CHROOT",
] as const satisfies readonly (typeof CAPABILITIES)[number][];

/** Of root. */
export function judgeCapabilities(own: ReadonlySet<number>): Check {
  const missing = NEEDED.filter((name) => !own.has(CAPABILITIES.indexOf(name)));
  if (missing.length === 0) {
    return ok("user", "root, with the capabilities that containers need");
  }
  return problem(
    "user",
    `root, without ${missing.join(", ")}`,
    "run it with these capabilities (in a container: docker run --privileged), or as an ordinary user",
  );
}

const PR_GET_NO_NEW_PRIVS = 39;

/** Set-user-id programs have no effect then, newuidmap among them. */
function checkNewPrivileges(): Check {
  const name = "new privileges";
  return call("prctl", PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) === 1
    ? note(
        name,
        "forbidden to this process and its children: newuidmap cannot map lent ids",
        "run ocicat outside of what forbids them (NoNewPrivileges= of a service, --security-opt no-new-privileges)",
      )
    : ok(name, "programs like newuidmap may have them");
}

const MAP_PROGRAMS = ["newuidmap", "newgidmap"];
const MAP_PACKAGES =
  "install them: apt install uidmap (Debian, Ubuntu), dnf install shadow-utils (Fedora)";

function checkIdRanges({ PATH, USER }: Environment, uid: number): Check {
  const missing = MAP_PROGRAMS.filter((name) => findProgram(name, PATH) === undefined);
  const files = ["/etc/subuid", "/etc/subgid"].map((path) => ({
    path,
    lent: countLent(readSetting(path) ?? "", [String(uid), ...(USER === undefined ? [] : [USER])]),
  }));
  return judgeIdRanges({ user: USER ?? String(uid), missing, files });
}

interface IdRanges {
  readonly user: string;
  /** Programs. */
  readonly missing: readonly string[];
  readonly files: readonly { readonly path: string; readonly lent: number }[];
}

/** Images have users beside root: each needs an id. */
export function judgeIdRanges({ user, missing, files }: IdRanges): Check {
  const name = "lent ids";
  const alone = "containers have root alone";
  if (missing.length > 0) {
    return note(name, `no ${missing.join(", no ")}: ${alone}`, MAP_PACKAGES);
  }
  const empty = files.filter(({ lent }) => lent === 0).map(({ path }) => path);
  if (empty.length > 0) {
    const fix = `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`;
    return note(name, `${empty.join(" and ")} lend ${user} none: ${alone}`, fix);
  }
  const few = files.filter(({ lent }) => lent < USUAL_RANGE);
  const found = files.map(({ path, lent }) => `${lent} by ${path}`).join(", ");
  return few.length === 0
    ? ok(name, found)
    : note(name, `${found}: images may have users beyond these`, `lend ${user} ${USUAL_RANGE}`);
}

const USUAL_RANGE = 65_536;

/** Lines NAME-OR-ID:START:COUNT of subuid(5). */
export function countLent(text: string, names: readonly string[]): number {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name = "", , count = ""]) => names.includes(name) && /^\d+$/.test(count))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}

/** Programs that clear /tmp do not know of it. */
function sessionless(
  name: string,
  found: string,
  { fix, uid }: { readonly fix: string; readonly uid: number },
): Check {
  try {
    return note(
      name,
      `${found}: the state of containers is in ${sessionlessFolder({ effectiveUid: uid })}`,
      fix,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return problem(name, `${found}: ${reason}`, fix);
  }
}

const W_OK = 2;

function checkRuntimeFolder({ XDG_RUNTIME_DIR }: Environment, uid: number): Check {
  const name = "XDG_RUNTIME_DIR";
  const fix =
    "log in through a session (loginctl enable-linger keeps it), or set it to a folder of your own on a tmpfs";
  if (XDG_RUNTIME_DIR?.startsWith("/") !== true) {
    const found = XDG_RUNTIME_DIR === undefined ? "not set" : "not an absolute path";
    return sessionless(name, found, { fix, uid });
  }
  if (!isOwnFolder(XDG_RUNTIME_DIR, uid)) {
    const found = `${quote(XDG_RUNTIME_DIR)} is another user's, or everybody may write to it`;
    return sessionless(name, found, { fix, uid });
  }
  const result = call("faccessat2", AT_FDCWD, cstring(XDG_RUNTIME_DIR), W_OK, 0);
  return result === 0
    ? ok(name, XDG_RUNTIME_DIR)
    : problem(name, `user ${uid} cannot write to ${quote(XDG_RUNTIME_DIR)}`, fix);
}
