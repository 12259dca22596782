// The part "HostConfig" of what `inspect` tells of a container: what `run` was asked for beside the process.
// No I/O but for the question whether the kernel counts swap.

import { defaultSpec } from "../../oci/default-spec.ts";
import { fileIdMaps, mountIdMaps } from "../id-maps.ts";
import type { RunDeviceRule } from "../run-devices.ts";
import { type ThrottleKind, usualSwap } from "../run-limits.ts";
import type { ChosenUsers, RunContainerOptions, RunLog } from "../run-options.ts";
import { DEFAULT_SECURITY, type RunSecurity, runProtection } from "../security.ts";
import type { ContainerRecord } from "./container-record.ts";
import { bindWords, tmpfsReport } from "./mount-reports.ts";
import { NO_RESTART } from "./restart-policy.ts";

const NANO_CPUS = 1e9;
const DEFAULT_SHM_BYTES = 64 * 2 ** 20;

type Options = ContainerRecord["options"];

export function hostReport(options: Options): Readonly<Record<string, unknown>> {
  const { security = DEFAULT_SECURITY, restart = NO_RESTART } = options;
  return {
    Binds: bindWords(options),
    ContainerIDFile: options.idFile ?? "",
    LogConfig: logReport(options.log),
    NetworkMode: options.network,
    PortBindings: {},
    PublishAllPorts: false,
    RestartPolicy: {
      Name: restart.kind,
      MaximumRetryCount: restart.kind === "on-failure" ? restart.maxRetries : 0,
    },
    AutoRemove: options.remove,
    VolumesFrom: null,
    Annotations: options.annotations ?? {},
    CapAdd: security.addedCapabilities,
    CapDrop: security.droppedCapabilities,
    ...nameReport(options),
    ...namespaceReport(options),
    ...usersReport(options),
    GroupAdd: options.keepsGroups === true ? ["keep-groups"] : (options.groups ?? []),
    Init: options.reaps === true || options.init !== undefined,
    OomScoreAdj: options.oomScoreAdj ?? 0,
    Privileged: security.privileged === true,
    ReadonlyRootfs: options.readOnly,
    SecurityOpt: securityWords(security),
    ...protectionReport(security),
    Tmpfs: tmpfsReport(options),
    ShmSize: options.shmSize ?? DEFAULT_SHM_BYTES,
    Sysctls: options.sysctls ?? {},
    Runtime: "ocicat",
    ...deviceReport(options),
    ...limitsReport(options),
  };
}

function protectionReport(security: RunSecurity) {
  const { maskedPaths, readonlyPaths } = runProtection(security, defaultSpec().linux);
  return { MaskedPaths: maskedPaths, ReadonlyPaths: readonlyPaths };
}

function logReport(log: RunLog | undefined) {
  const { driver = "file", maxSize = 0, maxFiles = 1, onFull = "block" } = log ?? {};
  return {
    Type: driver === "none" ? "none" : "k8s-file",
    Config: {
      ...(maxSize === 0 ? {} : { "max-size": String(maxSize) }),
      ...(maxFiles === 1 ? {} : { "max-file": String(maxFiles) }),
      ...(onFull === "block" ? {} : { "on-full": onFull }),
    },
  };
}

function nameReport({ names = {} }: Options) {
  return {
    Dns: names.servers ?? [],
    DnsOptions: names.resolverOptions ?? [],
    DnsSearch: names.searchDomains ?? [],
    ExtraHosts: (names.hosts ?? []).map(({ name, address }) => `${name}:${address}`),
  };
}

function namespaceReport({ namespaces = {}, noSharedMemory = false }: Options) {
  return {
    CgroupnsMode: namespaces.cgroup ?? "private",
    IpcMode: noSharedMemory ? "none" : (namespaces.ipc ?? "private"),
    PidMode: namespaces.pid ?? "",
    UTSMode: namespaces.uts ?? "",
  };
}

/** The maps as podman has them. */
function usersReport({ users }: Options) {
  if (users?.kind !== "maps") {
    return { UsernsMode: "" };
  }
  const words = (map: ChosenUsers["uid"]) =>
    map.map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`);
  const maps = { UidMap: words(users.uid), GidMap: words(users.gid) };
  return { UsernsMode: users.joins ?? "private", IDMappings: maps, IDMappingsBy: wayOf({ users }) };
}

/** How the image's files get the right owners. */
function wayOf(options: Pick<Options, "users">): string {
  if (mountIdMaps(options) !== undefined) {
    return "id-mapped mounts";
  }
  return fileIdMaps(options) === undefined ? "the user's files" : "a copy of the image";
}

function deviceReport({ devices = [], deviceRules = [], ulimits = [] }: Options) {
  return {
    Devices: devices.map(({ source, destination, access }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: deviceRules.map(deviceRuleWord),
    Ulimits: ulimits.map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft === "unlimited" ? -1 : soft,
      Hard: hard === "unlimited" ? -1 : hard,
    })),
  };
}

function deviceRuleWord({ type, major, minor, access }: RunDeviceRule): string {
  const word = (number: number): string => (number < 0 ? "*" : String(number));
  return `${type} ${word(major)}:${word(minor)} ${access}`;
}

function limitsReport({ limits, cgroupParent = "" }: Options) {
  return {
    CgroupParent: cgroupParent,
    Memory: limits.memory ?? 0,
    MemoryReservation: limits.memoryReservation ?? 0,
    MemorySwap: limits.memorySwap ?? usualSwap(limits.memory) ?? 0,
    NanoCpus: Math.round((limits.cpus ?? 0) * NANO_CPUS),
    CpuShares: limits.cpuShares ?? 0,
    CpuPeriod: limits.cpuPeriod ?? 0,
    CpuQuota: limits.cpuQuota ?? 0,
    CpusetCpus: limits.cpusetCpus ?? "",
    CpusetMems: limits.cpusetMems ?? "",
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioDeviceReadBps: throttlesOf(limits, "read-bps"),
    BlkioDeviceWriteBps: throttlesOf(limits, "write-bps"),
    BlkioDeviceReadIOps: throttlesOf(limits, "read-iops"),
    BlkioDeviceWriteIOps: throttlesOf(limits, "write-iops"),
    ...furtherLimitsReport(limits),
    PidsLimit: limits.pids ?? 0,
  };
}

function furtherLimitsReport(limits: Options["limits"]) {
  return {
    BlkioWeightDevice: (limits.weights ?? []).map(({ path, weight }) => ({
      Path: path,
      Weight: weight,
    })),
    CpuRealtimePeriod: limits.realtimePeriod ?? 0,
    CpuRealtimeRuntime: limits.realtimeRuntime ?? 0,
    MemorySwappiness: limits.swappiness ?? null,
    OomKillDisable: limits.waitsForMemory ?? false,
  };
}

function throttlesOf({ throttles = [] }: Options["limits"], wanted: ThrottleKind) {
  return throttles
    .filter(({ kind }) => kind === wanted)
    .map(({ path, rate }) => ({ Path: path, Rate: rate }));
}

/** As --security-opt takes them; a profile stands there as a whole, as with docker. */
function securityWords(security: NonNullable<RunContainerOptions["security"]>): readonly string[] {
  const { seccomp, noNewPrivileges, apparmor, hidden = [], shown = [], procOptions } = security;
  const profile = typeof seccomp === "string" ? seccomp : seccomp.profile;
  return [
    ...(noNewPrivileges ? ["no-new-privileges"] : []),
    ...(profile === "default" ? [] : [`seccomp=${profile}`]),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...hidden.map((path) => `mask=${path}`),
    ...(shown === "all" ? ["unmask=ALL"] : shown.map((path) => `unmask=${path}`)),
    ...(procOptions === undefined ? [] : [`proc-opts=${procOptions.join(",")}`]),
  ];
}
