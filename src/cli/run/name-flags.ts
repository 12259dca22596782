// The flags of `ocicat run` about the names of hosts, and what they mean.

import type { RunNames } from "../../engine/run-names.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue } from "./values.ts";

export const NAME_FLAGS = {
  hostname: { kind: "text", aliases: ["h"], value: "NAME", help: "host name inside" },
  "add-host": { kind: "list", value: "NAME:ADDRESS", help: "a line of /etc/hosts" },
  "no-hosts": { kind: "switch", help: "leave the image's /etc/hosts as it is" },
  dns: { kind: "list", value: "ADDRESS", help: "a name server, in place of the host's" },
  "dns-search": { kind: "list", value: "DOMAIN", help: "a domain to look in; . for none" },
  "dns-option": {
    kind: "list",
    aliases: ["dns-opt"],
    value: "OPTION",
    help: "an option of resolv.conf: ndots:2",
  },
} as const satisfies FlagTable;

export function parseNames(flags: FlagsOf<typeof NAME_FLAGS>): RunNames {
  return {
    hosts: flags.list("add-host").map(parseHost),
    ...(flags.switch("no-hosts") ? { keepsHosts: true } : {}),
    servers: flags.list("dns").map((text) => checkedAddress("dns", text, text)),
    searchDomains: flags.list("dns-search").map((text) => checkedWord("dns-search", text)),
    resolverOptions: flags.list("dns-option").map((text) => checkedWord("dns-option", text)),
  };
}

/** Docker writes NAME:ADDRESS and NAME=ADDRESS. */
function parseHost(text: string): { readonly name: string; readonly address: string } {
  const [, name, given] = /^([^:=\s]+)[:=](.+)$/.exec(text) ?? [];
  if (name === undefined || given === undefined) {
    throw badValue("add-host", text, "it is not of the form NAME:ADDRESS");
  }
  if (given === "host-gateway") {
    throw badValue("add-host", text, "there are no networks with a gateway yet");
  }
  const address = given.replace(/^\[(.*)\]$/, "$1");
  return { name, address: checkedAddress("add-host", text, address) };
}

function checkedAddress(flag: string, text: string, address: string): string {
  if (!isIpv4(address) && !isIpv6(address)) {
    throw badValue(flag, text, "it has no IP address");
  }
  return address;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}

/** One word of a line. */
function checkedWord(flag: string, text: string): string {
  if (text === "" || /\s/.test(text)) {
    throw badValue(flag, text, "it is not one word");
  }
  return text;
}
