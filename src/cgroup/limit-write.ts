// One write of one limit: what the tables of both versions are made of.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { BlockIoResources, Resources, ThrottleDevice } from "../oci/resources.ts";

export interface LimitWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** Its place in the configuration: "linux.resources.memory.limit". */
  readonly source: string;
  /** Where the kernel has no such file, this one is written. */
  readonly otherwise?: { readonly file: string; readonly value: string };
  /** Errors that mean: the kernel has nothing to set there, and need not. */
  readonly ignored?: readonly number[];
  /**
   * EINVAL may come from an old limit that a later write of the list changes (a limit of memory above
   * that of memory and swap): then it is tried again after them.
   */
  readonly again?: boolean;
}

/** The place of a setting in the configuration. */
export function placeOf(setting: string): string {
  return `linux.resources.${setting}`;
}

/** -1 is "no limit" in config.json, the word "max" in the files of cgroup v2. */
export function maxOr(value: number): string {
  return value < 0 ? "max" : decimal(value);
}

/** Without an exponent, which 64-bit limits beyond 10^21 would otherwise get. */
export function decimal(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(Math.trunc(value)).toString();
}

/** The writes among the candidates: `condition && write` is false where nothing is asked for. */
export function writesOf(
  candidates: readonly (LimitWrite | false | undefined)[],
): readonly LimitWrite[] {
  return candidates.filter((write): write is LimitWrite => typeof write === "object");
}

/**
 * A limit of 0 tasks is written as 1, as systemd's TasksMax has it: the container's first process is
 * in the cgroup already, and neither lets it make a second one.
 */
export function pidsWrite({ pids }: Resources): LimitWrite | undefined {
  const limit = pids?.limit;
  if (limit === undefined) {
    return undefined;
  }
  const value = maxOr(limit === 0 ? 1 : limit);
  return { controller: "pids", file: "pids.max", value, source: placeOf("pids.limit") };
}

/** `suffix` is the name of the limit's file: "limit_in_bytes" or "max". */
export function hugepageWrites({ hugepageLimits = [] }: Resources, suffix: string): LimitWrite[] {
  return hugepageLimits.flatMap(({ pageSize, limit }, index) => {
    const file = `hugetlb.${pageSize}`;
    const source = placeOf(`hugepageLimits[${index}]`);
    const write = { controller: "hugetlb", value: decimal(limit), source };
    return [
      { ...write, file: `${file}.${suffix}` },
      // Reservations are counted since Linux 5.7.
      { ...write, file: `${file}.rsvd.${suffix}`, ignored: [Errno.ENOENT] },
    ];
  });
}

export function rdmaWrites({ rdma = {} }: Resources): LimitWrite[] {
  return Object.entries(rdma).map(([device, { hcaHandles, hcaObjects }]) => {
    const handles = hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`];
    const objects = hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`];
    const value = [device, ...handles, ...objects].join(" ");
    return {
      controller: "rdma",
      file: "rdma.max",
      value,
      source: placeOf(`rdma[${quote(device)}]`),
    };
  });
}

export const THROTTLES = [
  ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
] as const;

/** All rates of a container; `toWrite` gives file and value for one. */
export function throttleWrites(
  blockIO: BlockIoResources,
  controller: string,
  toWrite: (
    device: ThrottleDevice,
    v1File: string,
    v2Key: string,
  ) => { readonly file: string; readonly value: string },
): LimitWrite[] {
  return THROTTLES.flatMap(([setting, v1File, v2Key]) =>
    (blockIO[setting] ?? []).map((device, index) => ({
      controller,
      source: placeOf(`blockIO.${setting}[${index}]`),
      ...toWrite(device, v1File, v2Key),
    })),
  );
}

export function invalidLimit(source: string, value: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "set",
    subject: `${source} to ${quote(value)}`,
    reason,
  });
}
