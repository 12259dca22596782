// What the names of hosts can't be. They go into files of lines and words, and into the kernel: what has a line
// break in it would say more there than who gave it may have seen.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { RunNames } from "./run-names.ts";
import type { RunContainerOptions } from "./run-options.ts";

/** The kernel's limit is 64 bytes. Some hosts have a "_" in their names, whatever RFC 1123 says. */
const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}$/;
/** What one word of a line may have. */
const WORD = /^[^\s\p{Cc}#]+$/u;

/** Throws "invalid-argument". */
export function checkNames({ hostname, domainName, names }: RunContainerOptions): void {
  checkName("host name", hostname);
  checkName("domain name", domainName);
  for (const [what, word] of wordsOf(names ?? {})) {
    if (!WORD.test(word)) {
      throw refused(what, word, "it is not one word of a line");
    }
  }
}

function checkName(what: string, name: string | undefined): void {
  if (name !== undefined && !NAME.test(name)) {
    const reason = "it is not made of at most 64 letters, digits, _, . and -";
    throw refused(what, name, reason);
  }
}

type NamedWord = readonly [what: string, word: string];

function wordsOf(names: RunNames): readonly NamedWord[] {
  const { hosts = [], servers = [], searchDomains = [], resolverOptions = [] } = names;
  return [
    ...hosts.map(({ name }): NamedWord => ["name of a host", name]),
    ...hosts.map(({ address }): NamedWord => ["address of a host", address]),
    ...servers.map((server): NamedWord => ["name server", server]),
    ...searchDomains.map((domain): NamedWord => ["domain to look in", domain]),
    ...resolverOptions.map((option): NamedWord => ["option of the resolver", option]),
  ];
}

function refused(what: string, word: string, reason: string): OcicatError {
  const subject = `the ${what} ${quote(word.slice(0, 200))}`;
  return new OcicatError("invalid-argument", { operation: "use", subject, reason });
}
