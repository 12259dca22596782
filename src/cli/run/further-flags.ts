// Flags of `ocicat run` that few need.

import type { FlagTable } from "../flags.ts";

/** Of the streams of whoever runs a container; `start` has most of them, too. */
export const STREAM_FLAGS = {
  "detach-keys": { kind: "text", value: "KEYS", help: "leave a terminal: ctrl-p,ctrl-q" },
  "sig-proxy": { kind: "switch", help: "=false: signals end this command, not the container" },
} as const satisfies FlagTable;

/** Of what stands in the container's /etc/passwd and /etc/group. */
export const ACCOUNT_FLAGS = {
  passwd: { kind: "switch", help: "a line of /etc/passwd for its user, where there is none" },
  "passwd-entry": {
    kind: "text",
    value: "LINE",
    help: "this line for it, with $UID, $USERNAME...",
  },
  "group-entry": { kind: "text", value: "LINE", help: "the line of its group, with $GID..." },
  hostuser: { kind: "list", value: "NAME", help: "the line of a user of the host, too" },
} as const satisfies FlagTable;

export const FURTHER_FLAGS = {
  attach: {
    kind: "list",
    aliases: ["a"],
    value: "STREAM",
    help: "stdin, stdout, stderr: no other",
  },
  ...STREAM_FLAGS,
  "preserve-fds": { kind: "text", value: "NUMBER", help: "of our descriptors from 3 on it gets" },
  expose: { kind: "list", value: "PORT[/udp]", help: "note that it listens there" },
  rmi: { kind: "switch", help: "remove the image, too, unless others use it; implies --rm" },
  requires: { kind: "list", value: "CONTAINER", help: "start these before it" },
  ...ACCOUNT_FLAGS,
  domainname: { kind: "text", value: "NAME", help: "NIS domain name inside", mayBeEmpty: true },
  "volumes-from": {
    kind: "list",
    value: "CONTAINER[:ro]",
    help: "the volumes and mounts of another container",
  },
  "read-only-tmpfs": {
    kind: "switch",
    help: "with --read-only, memory to write to on /run, /tmp and /var/tmp",
  },
  "cgroup-conf": {
    kind: "list",
    value: "FILE=VALUE",
    help: "a file of the cgroup, version 2: memory.high=1073741824",
  },
  cgroups: { kind: "text", value: "enabled", help: "for podman's sake: it has one" },
  personality: { kind: "text", value: "LINUX|LINUX32", help: "what uname says of the machine" },
  pidfile: { kind: "text", value: "FILE", help: "write the process's pid to a file" },
  "conmon-pidfile": { kind: "text", value: "FILE", help: "write its holder's pid to a file" },
  "pod-id-file": { kind: "text", value: "FILE", help: "the pod whose ID is in this file" },
  replace: { kind: "switch", help: "remove a container that has the name" },
  quiet: { kind: "switch", aliases: ["q"], help: "do not show how an image is fetched" },
  arch: { kind: "text", value: "ARCH", help: "the image for another processor than this" },
  os: { kind: "text", value: "OS", help: "the image for another system than linux" },
  variant: { kind: "text", value: "VARIANT", help: "the image for this variant of the processor" },
  creds: { kind: "text", value: "USER:PASSWORD", help: "to fetch the image with" },
  authfile: { kind: "text", value: "FILE", help: "file of passwords, in place of the user's" },
  "tls-verify": { kind: "switch", help: "=false: fetch without checking certificates" },
  "disable-content-trust": { kind: "switch", help: "for docker's sake: signatures are not asked" },
  isolation: { kind: "text", value: "default", help: "for docker's sake: there is one kind" },
  sdnotify: { kind: "text", value: "ignore", help: "for podman's sake: nobody is notified" },
  "seccomp-policy": { kind: "text", value: "default", help: "for podman's sake" },
  systemd: { kind: "text", value: "false", help: "for podman's sake: nothing is prepared for it" },
} as const satisfies FlagTable;
