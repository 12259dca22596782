// The process that `ocicat exec` adds to a container: like the container's own, with what the user asks
// for, and the accounts of the container's /etc/passwd and /etc/group as they are now. No I/O.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { ImageAccounts } from "../../image/accounts.ts";
import type { Capabilities, Process, User } from "../../oci/process.ts";
import { type Account, findAccount } from "../accounts.ts";
import { requireProgramName } from "../image-process.ts";

export interface ExecRequest {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** "NAME=value", which wins over the container's; "NAME" alone takes the container's away. */
  readonly env: readonly string[];
  /** Absolute. */
  readonly workdir?: string;
  /** USER[:GROUP], names or numbers; absent: the container's. */
  readonly user?: string;
  readonly terminal: boolean;
}

/** Throws "invalid-argument" for an unknown user. */
export function execProcess(own: Process, request: ExecRequest, accounts: ImageAccounts): Process {
  requireProgramName(request.command);
  const account = request.user === undefined ? undefined : findAccount(request.user, accounts);
  const user = account === undefined ? own.user : userOf(account, own.user);
  const { consoleSize: _, ...base } = own;
  return {
    ...base,
    args: request.command,
    env: environment(own, request, { account, accounts }),
    cwd: workingDirectory(own, request),
    terminal: request.terminal,
    user,
    ...capabilitiesOf(own.capabilities, user.uid),
  };
}

/** A container without additional groups could have none: its user may not set them. */
function userOf({ uid, gid, supplementaryGids }: Account, own: User): User {
  const { additionalGids: _, ...base } = own;
  return own.additionalGids === undefined
    ? { ...base, uid, gid }
    : { ...base, uid, gid, additionalGids: [...new Set([gid, ...supplementaryGids])] };
}

/** Root has what the container may have at most, as its own process would; others have nothing. */
function capabilitiesOf(
  own: Capabilities | undefined,
  uid: number,
): { readonly capabilities?: Capabilities } {
  if (own === undefined) {
    return {};
  }
  const { bounding = [] } = own;
  const all = { bounding, effective: bounding, permitted: bounding };
  return { capabilities: uid === 0 ? all : { bounding } };
}

interface Whose {
  readonly account: Account | undefined;
  readonly accounts: ImageAccounts;
}

function environment(own: Process, request: ExecRequest, { account, accounts }: Whose): string[] {
  const variables = new Map<string, string>();
  const add = (entry: string): void => {
    const equals = entry.indexOf("=");
    if (equals < 0) {
      variables.delete(entry);
    } else {
      variables.set(entry.slice(0, equals), entry.slice(equals + 1));
    }
  };
  own.env?.forEach(add);
  // Another user has another home, unless the container was told of one.
  const ownHome = findAccount(String(own.user.uid), accounts).home;
  if (account !== undefined && variables.get("HOME") === ownHome) {
    variables.set("HOME", account.home);
  }
  if (request.terminal && !variables.has("TERM")) {
    variables.set("TERM", "xterm");
  }
  request.env.forEach(add);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function workingDirectory(own: Process, { workdir }: ExecRequest): string {
  if (workdir !== undefined && !workdir.startsWith("/")) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the working directory ${quote(workdir)}`,
      reason: "it is not an absolute path",
    });
  }
  return workdir ?? own.cwd;
}
