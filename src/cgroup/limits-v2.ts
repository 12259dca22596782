// The limits of a container as writes to the files of cgroup v2 (kernel: admin-guide/cgroup-v2).

import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Resources } from "../oci/resources.ts";
import { cpuWeightFromShares, ioWeightFromBlkio, swapMax } from "./conversions.ts";
import {
  decimal,
  hugepageWrites,
  invalidLimit,
  type LimitWrite,
  maxOr,
  pidsWrite,
  placeOf,
  rdmaWrites,
  throttleWrites,
  writesOf,
} from "./limit-write.ts";

const DEFAULT_PERIOD_US = 100_000;
/** What says that a kernel or a scheduler has no weights of single devices. */
const NO_DEVICE_WEIGHTS = [Errno.ENOENT, Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENODEV];

/**
 * Without the devices. What v2 has no counterpart for is ignored, as runc does: swappiness, the OOM
 * killer's switch, realtime times, leaf weights, network classes and priorities.
 */
export function v2LimitWrites(resources: Resources): readonly LimitWrite[] {
  return writesOf([
    pidsWrite(resources),
    ...memoryWrites(resources),
    ...blockIoWrites(resources),
    ...cpuWrites(resources),
    ...cpusetWrites(resources),
    ...hugepageWrites(resources, "max"),
    ...rdmaWrites(resources),
    ...unifiedWrites(resources),
  ]);
}

function text(setting: string, file: string, value: string): LimitWrite {
  const controller = file.slice(0, file.indexOf("."));
  return { controller, file, value, source: placeOf(setting) };
}

function memoryWrites({ memory = {} }: Resources): readonly LimitWrite[] {
  const { limit = 0, reservation = 0 } = memory;
  const swap = swapMax(memory);
  return writesOf([
    swap !== undefined && {
      ...text("memory.swap", "memory.swap.max", typeof swap === "number" ? decimal(swap) : swap),
      // A kernel without swap needs neither a limit lifted nor swap forbidden.
      ignored: swap === "max" || swap === 0 ? [Errno.ENOENT] : [],
    },
    limit !== 0 && text("memory.limit", "memory.max", maxOr(limit)),
    reservation !== 0 && text("memory.reservation", "memory.low", maxOr(reservation)),
  ]);
}

function blockIoWrites({ blockIO = {} }: Resources): readonly LimitWrite[] {
  const { weight = 0, weightDevice = [] } = blockIO;
  const weighted = weightDevice.map((device, index) => ({ ...device, index }));
  return writesOf([
    weight !== 0 && weightWrite("blockIO.weight", "", weight),
    ...weighted.map(
      ({ major, minor, weight: own = 0, index }) =>
        own !== 0 && {
          ...weightWrite(`blockIO.weightDevice[${index}]`, `${major}:${minor} `, own),
          ignored: NO_DEVICE_WEIGHTS,
        },
    ),
    ...throttleWrites(blockIO, "io", ({ major, minor, rate }, _, key) => ({
      file: "io.max",
      value: `${major}:${minor} ${key}=${decimal(rate)}`,
    })),
  ]);
}

/** BFQ takes the configuration's weights, 10 to 1000; io.weight goes from 1 to 10000. */
function weightWrite(setting: string, device: string, weight: number): LimitWrite {
  return {
    ...text(setting, "io.bfq.weight", `${device}${weight}`),
    otherwise: { file: "io.weight", value: `${device}${ioWeightFromBlkio(weight)}` },
  };
}

function cpuWrites({ cpu = {} }: Resources): readonly LimitWrite[] {
  const { idle, burst, quota = 0, period = 0 } = cpu;
  const weight = cpuWeightFromShares(cpu.shares ?? 0);
  const hasMax = quota !== 0 || period !== 0;
  const setting = quota === 0 ? "cpu.period" : "cpu.quota";
  const max = quota > 0 ? decimal(quota) : "max";
  return writesOf([
    idle !== undefined && text("cpu.idle", "cpu.idle", decimal(idle)),
    weight !== 0 && text("cpu.shares", "cpu.weight", decimal(weight)),
    burst !== undefined && {
      ...text("cpu.burst", "cpu.max.burst", decimal(burst)),
      again: hasMax,
    },
    hasMax && text(setting, "cpu.max", `${max} ${decimal(period || DEFAULT_PERIOD_US)}`),
  ]);
}

function cpusetWrites({ cpu = {} }: Resources): readonly LimitWrite[] {
  const { cpus = "", mems = "" } = cpu;
  return writesOf([
    cpus !== "" && text("cpu.cpus", "cpuset.cpus", cpus),
    mems !== "" && text("cpu.mems", "cpuset.mems", mems),
  ]);
}

/** Each line is a write of its own: that is what files such as io.max take. */
function unifiedWrites({ unified = {} }: Resources): LimitWrite[] {
  return Object.entries(unified).flatMap(([file, content]) => {
    const setting = `unified[${quote(file)}]`;
    if (file.includes("/") || file.indexOf(".") <= 0) {
      const reason = "a unified resource must be a file name of the form CONTROLLER.PARAMETER";
      throw invalidLimit(placeOf(setting), content, reason);
    }
    const lines = content.split("\n").filter((line, index) => line !== "" || index === 0);
    return lines.map((line) => text(setting, file, line));
  });
}

/** The v2 controllers that cannot be had in a threaded cgroup. */
export function needsDomainController(resources: Resources): boolean {
  const domains = new Set(["memory", "io", "hugetlb", "rdma"]);
  return v2LimitWrites(resources).some(({ controller }) => domains.has(controller));
}
