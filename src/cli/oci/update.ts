// `update`: new limits, from a document or from flags.

import { quote } from "../../error/ocicat-error.ts";
import type { IntelRdt } from "../../oci/linux.ts";
import { decodeResources } from "../../oci/parse/config.ts";
import { update as updateContainer } from "../../runtime/update.ts";
import { readAll, readTextFile } from "../../sys/file.ts";
import { decodeText } from "../../sys/memory.ts";
import { type FlagsOf, type FlagTable, usageError } from "../flags.ts";
import { defineCommand } from "./command.ts";

const UPDATE_FLAGS = {
  resources: {
    kind: "text",
    aliases: ["r"],
    value: "FILE",
    help: 'the limits as JSON, like linux.resources; "-": from standard input',
  },
  "blkio-weight": { kind: "text", value: "WEIGHT", help: "block I/O weight, 10 to 1000" },
  "cpu-period": { kind: "text", value: "MICROSECONDS", help: "CPU period" },
  "cpu-quota": { kind: "text", value: "MICROSECONDS", help: "CPU time in a period" },
  "cpu-burst": { kind: "text", value: "MICROSECONDS", help: "CPU time that may be saved up" },
  "cpu-share": { kind: "text", value: "SHARES", help: "CPU weight against other containers" },
  "cpu-rt-period": { kind: "text", value: "MICROSECONDS", help: "real-time period" },
  "cpu-rt-runtime": { kind: "text", value: "MICROSECONDS", help: "real-time CPU time" },
  "cpu-idle": { kind: "text", value: "0|1", help: "1: run only when nothing else does" },
  "cpuset-cpus": { kind: "text", value: "LIST", help: 'CPUs: "0-3,7"' },
  "cpuset-mems": { kind: "text", value: "LIST", help: "memory nodes" },
  "kernel-memory": { kind: "text", value: "BYTES", help: "ignored: the kernel has no such limit" },
  "kernel-memory-tcp": { kind: "text", value: "BYTES", help: "memory of TCP buffers" },
  memory: { kind: "text", value: "BYTES", help: 'memory limit: "512M"' },
  "memory-reservation": { kind: "text", value: "BYTES", help: "soft memory limit" },
  "memory-swap": { kind: "text", value: "BYTES", help: "memory and swap together; -1: no limit" },
  "pids-limit": { kind: "text", value: "NUMBER", help: "processes; -1: no limit" },
  "l3-cache-schema": { kind: "text", value: "SCHEMA", help: "Intel RDT: shares of the L3 cache" },
  "mem-bw-schema": { kind: "text", value: "SCHEMA", help: "Intel RDT: memory bandwidth" },
} as const satisfies FlagTable;

type UpdateFlags = FlagsOf<typeof UPDATE_FLAGS>;

export const update = defineCommand({
  name: "update",
  usage: "ID",
  flags: UPDATE_FLAGS,
  args: { min: 1, max: 1 },
  act({ stateRoot }, flags) {
    const [id = ""] = flags.args;
    const file = flags.text("resources") ?? "";
    const [text, subject] = file === "" ? [resourcesText(flags), "the flags"] : readDocument(file);
    updateContainer({
      stateRoot,
      id,
      resources: decodeResources(text, { subject }),
      intelRdt: {
        ...schema("l3CacheSchema", flags.text("l3-cache-schema")),
        ...schema("memBwSchema", flags.text("mem-bw-schema")),
      },
    });
    return 0;
  },
});

function schema(
  name: "l3CacheSchema" | "memBwSchema",
  value: string | undefined,
): Pick<IntelRdt, typeof name> {
  return value === undefined || value === "" ? {} : { [name]: value };
}

const STDIN = 0;

function readDocument(file: string): [text: string, subject: string] {
  if (file !== "-") {
    return [readTextFile(file), file];
  }
  return [decodeText(readAll(STDIN, "standard input")), "standard input"];
}

/** The flags as the document that they stand for, so that one parser checks both. */
function resourcesText(flags: UpdateFlags): string {
  const cpu = {
    shares: flags.integer("cpu-share"),
    quota: flags.integer("cpu-quota"),
    burst: flags.integer("cpu-burst"),
    period: flags.integer("cpu-period"),
    realtimePeriod: flags.integer("cpu-rt-period"),
    realtimeRuntime: flags.integer("cpu-rt-runtime"),
    idle: flags.integer("cpu-idle"),
    cpus: notEmpty(flags.text("cpuset-cpus")),
    mems: notEmpty(flags.text("cpuset-mems")),
  };
  const memory = {
    limit: byteCount(flags.text("memory")),
    reservation: byteCount(flags.text("memory-reservation")),
    swap: byteCount(flags.text("memory-swap")),
    kernelTCP: byteCount(flags.text("kernel-memory-tcp")),
  };
  return JSON.stringify({
    ...section("cpu", cpu),
    ...section("memory", memory),
    ...section("pids", { limit: flags.integer("pids-limit") }),
    ...section("blockIO", { weight: flags.integer("blkio-weight") }),
  });
}

/** Nothing where none of its settings is given. */
function section(name: string, settings: Readonly<Record<string, unknown>>): object {
  const isGiven = Object.values(settings).some((value) => value !== undefined);
  return isGiven ? { [name]: settings } : {};
}

function notEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

const POWERS = "BKMGTP";

/** "512M", "1.5g", "1048576", "-1": powers of 1024, as runc's RAMInBytes reads them. */
export function byteCount(text: string | undefined): number | undefined {
  if (text === undefined || text === "") {
    return undefined;
  }
  if (text === "-1") {
    return -1;
  }
  const match = /^(\d+(?:\.\d+)?) ?([bkmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) {
    throw usageError(`invalid value for memory: ${quote(text)} is not a size such as 512M`);
  }
  const [, number = "", unit = ""] = match;
  return Math.floor(
    Number(number) * 1024 ** Math.max(0, POWERS.indexOf(unit.toUpperCase() || "B")),
  );
}
