// The flags of `ocicat run` that give a container's users ids of their own.

import type { FlagTable } from "../flags.ts";

export const USER_FLAGS = {
  userns: {
    kind: "text",
    value: "MODE",
    help: "its users' ids: host, auto, keep-id, nomap, container:NAME, ns:PATH",
  },
  uidmap: {
    kind: "list",
    value: "INSIDE:HOST:COUNT",
    help: "these user ids; the same for groups without --gidmap",
  },
  gidmap: { kind: "list", value: "INSIDE:HOST:COUNT", help: "these group ids" },
  subuidname: { kind: "text", value: "NAME", help: "the user ids of this name in /etc/subuid" },
  subgidname: { kind: "text", value: "NAME", help: "the group ids of this name in /etc/subgid" },
} as const satisfies FlagTable;
