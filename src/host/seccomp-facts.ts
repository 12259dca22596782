// The compiled seccomp filter of a configuration. Compiling Docker's default profile takes longer than
// all the rest of a short command, so a filter is kept, under the hash of the profile and of what else
// it depends on:
//
//   CACHE/seccomp-v4-HASH    JSON of {flags, notifies, blocked}, a newline, the filter's bytes
//
// The compiler itself is loaded only when there is no such file.

import { AT_FDCWD, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } from "../abi/file.ts";
import type { SeccompProfile } from "../oci/seccomp.ts";
import type { Spec } from "../oci/spec.ts";
import type { SeccompFacts } from "../plan/host-facts.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  readAll,
  renameAt,
  statAt,
  tryOpenAt,
  tryUnlinkAt,
  writeAll,
} from "../sys/file.ts";
import { decodeText, encodeText } from "../sys/memory.ts";

const CACHE_VERSION = "seccomp-v4";
const SIZE_LIMIT = 1024 * 1024;
const NEWLINE = 10;

/** `cacheDirectory`: of the runtime's own user alone; absent: filters are not kept. */
export async function seccompFacts(
  spec: Spec,
  cacheDirectory: string | undefined,
): Promise<SeccompFacts | undefined> {
  const profile = spec.linux?.seccomp;
  if (profile === undefined) {
    return undefined;
  }
  const path = `${cacheDirectory}/${CACHE_VERSION}-${hashProfile(profile)}`;
  const cached = cacheDirectory === undefined ? undefined : readCached(path);
  if (cached !== undefined) {
    return cached;
  }
  const { compileSeccompFacts } = await import("./seccomp-compiler.ts");
  const facts = compileSeccompFacts(profile, hostArchitecture.name);
  if (cacheDirectory !== undefined) {
    writeCached(cacheDirectory, path, facts);
  }
  return facts;
}

function hashProfile(profile: SeccompProfile): string {
  const keepDigits = (_: string, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value;
  const usesBigIntegers = profile.syscalls?.some(({ args }) =>
    args?.some(({ value, valueTwo }) => typeof value === "bigint" || typeof valueTwo === "bigint"),
  );
  const text = JSON.stringify(profile, usesBigIntegers === true ? keepDigits : undefined);
  return Bun.SHA256.hash(`${hostArchitecture.name} ${text}`, "hex");
}

/** A file of another user is not believed, and neither is one that is not whole. */
function readCached(path: string): SeccompFacts | undefined {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | hostArchitecture.openFlags.O_NOFOLLOW);
  if (fd < 0) {
    return undefined;
  }
  using file = new OwnedFd(fd);
  if (statAt(file.number, "")?.uid !== call("geteuid")) {
    return undefined;
  }
  const content = readAll(file.number, path, SIZE_LIMIT);
  const headEnd = content.indexOf(NEWLINE);
  const { flags, notifies, blocked, size } = JSON.parse(decodeText(content.subarray(0, headEnd)));
  const filter = content.slice(headEnd + 1);
  return filter.length === size ? { flags, notifies, blocked, filter } : undefined;
}

/** A cache that cannot be written is no reason not to run a container. */
function writeCached(directory: string, path: string, facts: SeccompFacts): void {
  makeDirectories(directory, 0o700);
  const { filter, ...head } = facts;
  const temporary = `${path}.${call("getpid")}`;
  const fd = tryOpenAt(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  if (fd < 0) {
    return;
  }
  using file = new OwnedFd(fd);
  try {
    writeAll(
      file.number,
      encodeText(`${JSON.stringify({ ...head, size: filter.length })}\n`),
      path,
    );
    writeAll(file.number, filter, path);
    renameAt(AT_FDCWD, temporary, AT_FDCWD, path);
  } catch {
    tryUnlinkAt(AT_FDCWD, temporary);
  }
}
