// What the flags of `ocicat run` mean that are about the names of hosts.

import type { RunNames } from "../../engine/run-names.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { NAME_FLAGS } from "./name-flags.ts";

export function parseNames(flags: FlagsOf<typeof NAME_FLAGS>): RunNames {
  return {
    hosts: flags.list("add-host").map(parseHost),
    ...(flags.switch("no-hosts") ? { keepsHosts: true } : {}),
    ...(flags.switch("no-hostname") ? { keepsHostname: true } : {}),
    ...parseHostsFile(flags.text("hosts-file"), flags.switch("no-hosts")),
    servers: flags.list("dns").map((text) => checkedAddress("dns", text, text)),
    searchDomains: flags.list("dns-search").map((text) => checkedWord("dns-search", text)),
    resolverOptions: flags.list("dns-option").map((text) => checkedWord("dns-option", text)),
  };
}

/** As podman has it: a file of the host, "none" for none at all, "image" for the image's own. */
function parseHostsFile(text: string | undefined, isKept: boolean): RunNames {
  if (text === undefined) {
    return {};
  }
  if (isKept) {
    throw badValue("hosts-file", text, "it does not go with --no-hosts");
  }
  if (text === "image") {
    return { keepsHosts: true };
  }
  if (text !== "none" && !text.startsWith("/")) {
    throw badValue("hosts-file", text, "it is neither an absolute path, none nor image");
  }
  return { hostsFile: text === "none" ? "" : text };
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

const IPV6_GROUPS = 8;

/** RFC 4291, section 2.2: "::" once stands for groups of zeros; an IPv4 address is the last two groups. */
function isIpv6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const plain = isIpv4(tail) ? `${text.slice(0, -tail.length)}0:0` : text;
  const [before = "", after, ...more] = plain.split("::");
  const groups = [before, after ?? ""].flatMap((part) => (part === "" ? [] : part.split(":")));
  const isWhole = after === undefined ? groups.length === IPV6_GROUPS : groups.length < IPV6_GROUPS;
  return more.length === 0 && isWhole && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}

/** One word of a line. */
function checkedWord(flag: string, text: string): string {
  if (text === "" || /\s/.test(text)) {
    throw badValue(flag, text, "it is not one word");
  }
  return text;
}
