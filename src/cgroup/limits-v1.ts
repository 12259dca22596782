// The limits of a container as writes to the files of cgroup v1 (kernel: admin-guide/cgroup-v1).

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Resources } from "../oci/resources.ts";
import { GREATEST_SHARES } from "./conversions.ts";
import {
  decimal,
  hugepageWrites,
  invalidLimit,
  type LimitWrite,
  pidsWrite,
  placeOf,
  rdmaWrites,
  throttleWrites,
  writesOf,
} from "./limit-write.ts";

const GREATEST_SWAPPINESS = 100;
const LEAST_SHARES = 2;

/** Without the devices. Kernel memory limits are ignored: Linux 5.4 and later refuse or drop them. */
export function v1LimitWrites(resources: Resources): readonly LimitWrite[] {
  if (resources.unified !== undefined && Object.keys(resources.unified).length > 0) {
    throw new OcicatError("unsupported", {
      operation: "set",
      subject: placeOf("unified"),
      reason: "invalid configuration: cannot use unified on cgroup v1",
    });
  }
  return writesOf([
    ...cpusetWrites(resources),
    ...memoryWrites(resources),
    ...cpuWrites(resources),
    pidsWrite(resources),
    ...blockIoWrites(resources),
    ...hugepageWrites(resources, "limit_in_bytes"),
    ...networkWrites(resources),
    ...rdmaWrites(resources),
  ]);
}

function number(setting: string, file: string, value: number): LimitWrite {
  const controller = file.slice(0, file.indexOf("."));
  return { controller, file, value: decimal(value), source: placeOf(setting) };
}

function cpusetWrites({ cpu = {} }: Resources): readonly LimitWrite[] {
  const write = (name: string, value = ""): LimitWrite | false =>
    value !== "" && {
      controller: "cpuset",
      file: `cpuset.${name}`,
      value,
      source: placeOf(`cpu.${name}`),
    };
  return writesOf([write("cpus", cpu.cpus), write("mems", cpu.mems)]);
}

function memoryWrites({ memory = {} }: Resources): readonly LimitWrite[] {
  const { limit = 0, swap = 0, reservation = 0, swappiness, useHierarchy } = memory;
  if (swappiness !== undefined && swappiness > GREATEST_SWAPPINESS) {
    throw invalidLimit(placeOf("memory.swappiness"), String(swappiness), "valid range is 0-100");
  }
  const both = "memory.memsw.limit_in_bytes";
  return writesOf([
    // Linux 5.11 and later are always hierarchical and refuse to hear otherwise.
    useHierarchy !== undefined && {
      ...number("memory.useHierarchy", "memory.use_hierarchy", Number(useHierarchy)),
      ignored: [Errno.EINVAL, Errno.EBUSY, Errno.ENOENT],
    },
    limit !== 0 && { ...number("memory.limit", "memory.limit_in_bytes", limit), again: true },
    swap !== 0 && number("memory.swap", both, swap),
    // No limit of memory includes swap; a kernel that does not count swap has none to lift.
    limit === -1 && swap === 0 && { ...number("memory.limit", both, -1), ignored: [Errno.ENOENT] },
    reservation !== 0 && number("memory.reservation", "memory.soft_limit_in_bytes", reservation),
    memory.disableOOMKiller === true && number("memory.disableOOMKiller", "memory.oom_control", 1),
    swappiness !== undefined &&
      swappiness >= 0 &&
      number("memory.swappiness", "memory.swappiness", swappiness),
  ]);
}

function cpuWrites({ cpu = {} }: Resources): readonly LimitWrite[] {
  const { shares = 0, period = 0, quota = 0, burst, idle } = cpu;
  const { realtimePeriod = 0, realtimeRuntime = 0 } = cpu;
  checkShares(shares);
  const hasQuota = quota !== 0;
  return writesOf([
    shares !== 0 && number("cpu.shares", "cpu.shares", shares),
    period !== 0 && { ...number("cpu.period", "cpu.cfs_period_us", period), again: hasQuota },
    burst !== undefined && {
      ...number("cpu.burst", "cpu.cfs_burst_us", burst),
      again: hasQuota,
      ignored: [Errno.ENOENT],
    },
    hasQuota && number("cpu.quota", "cpu.cfs_quota_us", quota),
    idle !== undefined && number("cpu.idle", "cpu.idle", idle),
    realtimePeriod !== 0 && {
      ...number("cpu.realtimePeriod", "cpu.rt_period_us", realtimePeriod),
      again: realtimeRuntime !== 0,
    },
    realtimeRuntime !== 0 && number("cpu.realtimeRuntime", "cpu.rt_runtime_us", realtimeRuntime),
  ]);
}

/** The kernel would clamp them silently. Docker's clients know these two sentences. */
function checkShares(shares: number): void {
  const source = placeOf("cpu.shares");
  if (shares > GREATEST_SHARES) {
    const reason = `the maximum allowed cpu-shares is ${GREATEST_SHARES}`;
    throw invalidLimit(source, String(shares), reason);
  }
  if (shares !== 0 && shares < LEAST_SHARES) {
    throw invalidLimit(source, String(shares), `the minimum allowed cpu-shares is ${LEAST_SHARES}`);
  }
}

function blockIoWrites({ blockIO = {} }: Resources): readonly LimitWrite[] {
  const { weight = 0, leafWeight = 0, weightDevice = [] } = blockIO;
  const devices = weightDevice.flatMap((device, index) => {
    const name = `${device.major}:${device.minor}`;
    const setting = `blockIO.weightDevice[${index}]`;
    const { weight: own = 0, leafWeight: ownLeaf = 0 } = device;
    return [
      own !== 0 && weightWrite(setting, "weight_device", `${name} ${own}`),
      ownLeaf !== 0 && {
        ...number(setting, "blkio.leaf_weight_device", 0),
        value: `${name} ${ownLeaf}`,
      },
    ];
  });
  return writesOf([
    weight !== 0 && weightWrite("blockIO.weight", "weight", decimal(weight)),
    leafWeight !== 0 && number("blockIO.leafWeight", "blkio.leaf_weight", leafWeight),
    ...devices,
    ...throttleWrites(blockIO, "blkio", ({ major, minor, rate }, file) => ({
      file,
      value: `${major}:${minor} ${decimal(rate)}`,
    })),
  ]);
}

/** The file of the CFQ scheduler, which Linux 5.0 dropped, or else that of BFQ. */
function weightWrite(setting: string, name: string, value: string): LimitWrite {
  return {
    controller: "blkio",
    file: `blkio.${name}`,
    value,
    source: placeOf(setting),
    otherwise: { file: `blkio.bfq.${name}`, value },
  };
}

function networkWrites({ network = {} }: Resources): readonly LimitWrite[] {
  const { classID = 0, priorities = [] } = network;
  return writesOf([
    classID !== 0 && number("network.classID", "net_cls.classid", classID),
    ...priorities.map(({ name, priority }, index) => ({
      ...number(`network.priorities[${index}]`, "net_prio.ifpriomap", 0),
      value: `${name} ${priority}`,
    })),
  ]);
}
