// Reads `linux.resources`: config-linux.md, section "Control groups". Only what no kernel accepts is
// a fault; what one of cgroup v1 and v2 cannot do is for the cgroup layer to say.

import { DEVICE_CGROUP_TYPES } from "../resources.ts";
import { checkBlockIo } from "./block-io.ts";
import type { Fields } from "./fields.ts";
import { INT64_MAX, UINT32_MAX, UINT64_MAX } from "./ranges.ts";
import { shown } from "./scalars.ts";
import { interfaceName, isDecimal, numberList } from "./text-rules.ts";

export function checkResources(resources: Fields): void {
  resources.objects("devices", checkDeviceRule);
  resources.object("memory", checkMemory);
  resources.object("cpu", checkCpu);
  resources.object("pids", (pids) => {
    pids.integer("limit", -1, INT64_MAX);
  });
  resources.object("blockIO", checkBlockIo);
  resources.objects("hugepageLimits", checkHugepageLimit);
  resources.object("network", checkNetwork);
  resources.record("rdma", (limit, device) => checkRdma(resources, limit, device));
  resources.textRecord("unified", unifiedFile);
}

function checkDeviceRule(rule: Fields): void {
  rule.required("allow");
  rule.flag("allow");
  rule.choice("type", DEVICE_CGROUP_TYPES);
  rule.integer("major", -1, UINT32_MAX);
  rule.integer("minor", -1, UINT32_MAX);
  rule.text("access", deviceAccess);
}

function deviceAccess(value: string): string | undefined {
  for (const letter of value) {
    if (!"rwm".includes(letter)) {
      return `${shown(value)} has other letters than r, w and m`;
    }
  }
  return undefined;
}

function checkMemory(memory: Fields): void {
  const limit = memory.integer("limit", -1, INT64_MAX) ?? 0;
  memory.integer("reservation", -1, INT64_MAX);
  const swap = memory.integer("swap", -1, INT64_MAX) ?? 0;
  if (limit > 0 && swap > 0 && swap < limit) {
    memory.fault("swap", `memory and swap together, ${swap}, is below the memory limit ${limit}`);
  }
  memory.integer("kernel", -1, INT64_MAX);
  memory.integer("kernelTCP", -1, INT64_MAX);
  memory.integer("swappiness", 0, 100);
  memory.flag("disableOOMKiller");
  memory.flag("useHierarchy");
  memory.flag("checkBeforeUpdate");
}

/** The kernel takes periods and quotas from a millisecond on, periods up to a second. */
const BANDWIDTH_MICROSECONDS_MIN = 1000;
const PERIOD_MICROSECONDS_MAX = 1_000_000;

function checkCpu(cpu: Fields): void {
  cpu.integer("shares", 0, UINT64_MAX);
  const quota = cpu.integer("quota", -INT64_MAX, INT64_MAX) ?? 0;
  if (quota > 0 && quota < BANDWIDTH_MICROSECONDS_MIN) {
    cpu.fault("quota", `${quota} is below a millisecond (${BANDWIDTH_MICROSECONDS_MIN})`);
  }
  const period = cpu.integer("period", 0, PERIOD_MICROSECONDS_MAX) ?? 0;
  if (period > 0 && period < BANDWIDTH_MICROSECONDS_MIN) {
    cpu.fault("period", `${period} is below a millisecond (${BANDWIDTH_MICROSECONDS_MIN})`);
  }
  const burst = cpu.integer("burst", 0, UINT64_MAX) ?? 0;
  if (quota > 0 && burst > quota) {
    cpu.fault("burst", `${burst} is above the quota ${quota}`);
  }
  const realtimeRuntime = cpu.integer("realtimeRuntime", -1, INT64_MAX) ?? 0;
  const realtimePeriod = cpu.integer("realtimePeriod", 0, UINT64_MAX) ?? 0;
  if (realtimePeriod > 0 && realtimeRuntime > realtimePeriod) {
    cpu.fault("realtimeRuntime", `${realtimeRuntime} is above the period ${realtimePeriod}`);
  }
  cpu.text("cpus", numberList);
  cpu.text("mems", numberList);
  cpu.integer("idle", 0, 1);
}

function checkHugepageLimit(entry: Fields): void {
  entry.required("pageSize", "limit");
  entry.text("pageSize", pageSize);
  entry.integer("limit", 0, UINT64_MAX);
}

/** It becomes part of a file's name. */
function pageSize(value: string): string | undefined {
  const isSize = ["KB", "MB", "GB"].includes(value.slice(-2)) && isDecimal(value.slice(0, -2));
  return isSize ? undefined : `${shown(value)} is not a size such as "64KB", "2MB" or "1GB"`;
}

function checkNetwork(network: Fields): void {
  network.integer("classID", 0, UINT32_MAX);
  network.objects("priorities", (priority) => {
    priority.required("name", "priority");
    priority.text("name", interfaceName);
    priority.integer("priority", 0, UINT32_MAX);
  });
}

function checkRdma(resources: Fields, limit: Fields, device: string): void {
  if (device === "" || /[/\s=]/.test(device)) {
    resources.fault("rdma", "is not the name of a device", device);
  }
  if (!limit.has("hcaHandles") && !limit.has("hcaObjects")) {
    resources.fault("rdma", "needs hcaHandles or hcaObjects", device);
  }
  limit.integer("hcaHandles", 0, UINT32_MAX);
  limit.integer("hcaObjects", 0, UINT32_MAX);
}

function unifiedFile(name: string): string | undefined {
  const isFile = name.indexOf(".") > 0 && !name.includes("/");
  return isFile ? undefined : "is not of the form controller.parameter";
}
