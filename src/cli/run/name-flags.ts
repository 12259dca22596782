// The flags of `ocicat run` about the names of hosts.

import type { FlagTable } from "../flags.ts";

export const NAME_FLAGS = {
  hostname: { kind: "text", aliases: ["h"], value: "NAME", help: "host name inside" },
  "add-host": { kind: "list", value: "NAME:ADDRESS", help: "a line of /etc/hosts" },
  "no-hosts": { kind: "switch", help: "leave the image's /etc/hosts as it is" },
  "no-hostname": { kind: "switch", help: "leave the image's /etc/hostname as it is" },
  "hosts-file": { kind: "text", value: "FILE", help: "begin /etc/hosts with it; none, image" },
  dns: { kind: "list", value: "ADDRESS", help: "a name server, in place of the host's" },
  "dns-search": { kind: "list", value: "DOMAIN", help: "a domain to look in; . for none" },
  "dns-option": {
    kind: "list",
    aliases: ["dns-opt"],
    value: "OPTION",
    help: "an option of resolv.conf: ndots:2",
  },
} as const satisfies FlagTable;
