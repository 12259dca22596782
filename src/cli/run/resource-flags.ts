// The flags of `ocicat run` that limit what a container takes of the machine.

import type { FlagTable } from "../flags.ts";

/** Those of the whole container, which `update` changes. */
export const LIMIT_FLAGS = {
  memory: {
    kind: "text",
    aliases: ["m"],
    value: "SIZE",
    help: "memory limit: bytes, or with k, m, g",
  },
  "memory-reservation": {
    kind: "text",
    value: "SIZE",
    help: "memory that is left to it if need be",
  },
  "memory-swap": {
    kind: "text",
    value: "SIZE",
    help: "memory and swap, twice --memory by default; -1: no limit of swap",
  },
  "memory-swappiness": { kind: "text", value: "NUMBER", help: "0 to 100: cgroups of version 1" },
  cpus: { kind: "text", value: "NUMBER", help: "CPU time, in processors: 1.5" },
  "cpu-shares": {
    kind: "text",
    aliases: ["c"],
    value: "NUMBER",
    help: "relative weight, 1024 is normal",
  },
  "cpu-period": { kind: "text", value: "MICROSECONDS", help: "of what --cpu-quota is a part" },
  "cpu-quota": { kind: "text", value: "MICROSECONDS", help: "CPU time in each period" },
  "cpu-rt-period": {
    kind: "text",
    value: "MICROSECONDS",
    help: "of what --cpu-rt-runtime is a part",
  },
  "cpu-rt-runtime": { kind: "text", value: "MICROSECONDS", help: "real-time CPU time in each" },
  "cpuset-cpus": {
    kind: "text",
    value: "LIST",
    help: "processors to run on: 0-3,7",
    mayBeEmpty: true,
  },
  "cpuset-mems": {
    kind: "text",
    value: "LIST",
    help: "memory nodes to use: 0,1",
    mayBeEmpty: true,
  },
  "pids-limit": { kind: "text", value: "NUMBER", help: "number of processes; -1 for no limit" },
  "blkio-weight": { kind: "text", value: "NUMBER", help: "relative weight of I/O: 10 to 1000" },
  "blkio-weight-device": { kind: "list", value: "DEVICE:NUMBER", help: "the same of one device" },
  "device-read-bps": { kind: "list", value: "DEVICE:SIZE", help: "bytes a second, with k, m, g" },
  "device-write-bps": { kind: "list", value: "DEVICE:SIZE", help: "the same for writing" },
  "device-read-iops": { kind: "list", value: "DEVICE:NUMBER", help: "operations a second" },
  "device-write-iops": { kind: "list", value: "DEVICE:NUMBER", help: "the same for writing" },
} as const satisfies FlagTable;

export const RESOURCE_FLAGS = {
  ...LIMIT_FLAGS,
  ulimit: {
    kind: "list",
    value: "NAME=SOFT[:HARD]",
    help: "a limit of each process: nofile=1024:4096, core=-1",
  },
  "oom-kill-disable": { kind: "switch", help: "processes wait for memory: cgroups of version 1" },
  "oom-score-adj": {
    kind: "text",
    value: "NUMBER",
    help: "-1000 to 1000: the higher, the sooner killed for memory",
  },
} as const satisfies FlagTable;
