// The flags of `ocicat run`, spelled as docker and podman spell them.

import type { FlagsOf, FlagTable } from "../flags.ts";
import { ENVIRONMENT_FLAGS } from "./environment-flags.ts";
import { FURTHER_FLAGS } from "./further-flags.ts";
import { HEALTH_FLAGS } from "./health-flags.ts";
import { NAME_FLAGS } from "./name-flags.ts";
import { NAMESPACE_FLAGS } from "./namespace-flags.ts";
import { RESOURCE_FLAGS } from "./resource-flags.ts";
import { USER_FLAGS } from "./user-flags.ts";

export const RUN_FLAGS = {
  interactive: { kind: "switch", aliases: ["i"], help: "keep standard input open" },
  detach: { kind: "switch", aliases: ["d"], help: "print the container's ID and leave it running" },
  rm: { kind: "switch", help: "remove the container when it has ended" },
  rootfs: { kind: "text", value: "DIR", help: "run on this folder instead of an image" },
  platform: {
    kind: "text",
    value: "OS/ARCH",
    help: "the image for another platform than this",
    mayBeEmpty: true,
  },
  pull: {
    kind: "text",
    value: "POLICY",
    help: "get the image when it is missing, always, when it is newer, or never",
    mayBeEmpty: true,
  },
  name: {
    kind: "text",
    value: "NAME",
    help: "name of the container; random by default",
    mayBeEmpty: true,
  },
  pod: {
    kind: "text",
    value: "NAME",
    help: "make it a part of this pod; new:NAME makes the pod, too",
  },
  restart: {
    kind: "text",
    value: "POLICY",
    help: "no, always, unless-stopped, on-failure[:RETRIES]",
    mayBeEmpty: true,
  },
  label: { kind: "list", aliases: ["l"], value: "KEY=VALUE", help: "a label of the container" },
  "label-file": { kind: "list", value: "FILE", help: "the labels in a file, one a line" },
  annotation: { kind: "list", value: "KEY=VALUE", help: "one of the OCI configuration" },
  cidfile: {
    kind: "text",
    value: "FILE",
    help: "write the container's ID to a new file",
    mayBeEmpty: true,
  },
  "stop-signal": {
    kind: "text",
    value: "SIGNAL",
    help: "what `stop` sends; the image's, or TERM",
    mayBeEmpty: true,
  },
  "stop-timeout": { kind: "text", value: "SECONDS", help: "how long `stop` waits; 10 by default" },
  "log-driver": {
    kind: "text",
    value: "file|none",
    help: "whether output is kept; file by default",
    mayBeEmpty: true,
  },
  "log-opt": {
    kind: "list",
    value: "NAME=VALUE",
    help: "max-size=10m, max-file=3, on-full=block|drop",
  },
  ...ENVIRONMENT_FLAGS,
  user: {
    kind: "text",
    aliases: ["u"],
    value: "USER[:GROUP]",
    help: "by names of the image or numbers",
  },
  entrypoint: { kind: "text", value: "PROGRAM", help: 'in place of the image\'s; "" for none' },
  "group-add": {
    kind: "list",
    value: "GROUP",
    help: "by a name of the image or a number; keep-groups: your own, without root",
  },
  init: {
    kind: "switch",
    help: "a small first process of ours, which hands signals on and reaps orphans",
  },
  "init-path": { kind: "text", value: "FILE", help: "a static program of the host in its place" },
  ...HEALTH_FLAGS,
  ...NAME_FLAGS,
  ...RESOURCE_FLAGS,
  volume: {
    kind: "list",
    aliases: ["v"],
    value: "[SOURCE:]TARGET[:OPTIONS]",
    help: "a volume by its name, a new one, or a path of the host; ro, nocopy...",
  },
  mount: {
    kind: "list",
    value: "type=bind|volume|tmpfs|image,...",
    help: "source=, target=, readonly, volume-nocopy, tmpfs-size=, subpath=",
  },
  "image-volume": {
    kind: "text",
    value: "bind|tmpfs|ignore",
    help: "what the image's volumes become; bind, new ones, by default",
  },
  tmpfs: { kind: "list", value: "TARGET[:OPTIONS]", help: "an empty folder in memory" },
  secret: {
    kind: "list",
    value: "NAME[,OPTIONS]",
    help: "a secret: a file in /run/secrets; type=env, target=, uid=, gid=, mode=",
  },
  "read-only": { kind: "switch", help: "make the root file system read-only" },
  "cap-add": { kind: "list", value: "CAPABILITY", help: "NET_ADMIN, or ALL" },
  "cap-drop": { kind: "list", value: "CAPABILITY", help: "CHOWN, or ALL" },
  "security-opt": {
    kind: "list",
    value: "OPTION",
    help: "seccomp=FILE|unconfined, no-new-privileges, mask=, unmask=, apparmor=...",
  },
  privileged: {
    kind: "switch",
    help: "every capability and device of ours, no filter, nothing hidden",
  },
  ...NAMESPACE_FLAGS,
  ...USER_FLAGS,
  ...FURTHER_FLAGS,
  "cgroup-parent": {
    kind: "text",
    value: "PATH",
    help: "make the container's cgroup below this one",
  },
  "systemd-cgroup": { kind: "switch", help: "let systemd manage the cgroup" },
  store: { kind: "text", value: "DIR", help: "folder of images and containers" },
  root: { kind: "text", value: "DIR", help: "folder of running containers' state" },
} as const satisfies FlagTable;

export type RunFlags = FlagsOf<typeof RUN_FLAGS>;
