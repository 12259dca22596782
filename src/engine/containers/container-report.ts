// What `inspect` tells of a container, with the fields that `docker inspect` has. What a container does not
// have is empty here, so that templates and scripts find it. No I/O.

import type { ImageConfig } from "../../oci/image-spec.ts";
import type { RunContainerOptions } from "../run-options.ts";
import { dataPath } from "../run-volumes.ts";
import { DEFAULT_SECURITY } from "../security.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { ContainerStatus } from "./container-status.ts";
import { mergedVariables } from "./merged-variables.ts";
import { NO_RESTART } from "./restart-policy.ts";

/** How docker writes a moment that has not come. */
const NEVER = "0001-01-01T00:00:00Z";
const NANO_CPUS = 1e9;
const DEFAULT_SHM_BYTES = 64 * 2 ** 20;
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_STOP_SECONDS = 10;

export interface ReportRequest {
  readonly record: ContainerRecord;
  readonly status: ContainerStatus;
  /** By its restart policy. */
  readonly restarts: number;
  /** Undefined: it is made of none, or the store does not have it any more. */
  readonly image: { readonly id: string; readonly config: ImageConfig } | undefined;
  readonly folder: string;
  readonly storeRoot: string;
  /** Undefined: nobody asked. */
  readonly sizes: ContainerSizes | undefined;
}

/** Bytes. */
export interface ContainerSizes {
  /** What the container has written. */
  readonly written: number;
  /** All of its files. */
  readonly total: number;
}

export type ContainerReport = Readonly<Record<string, unknown>> & {
  readonly Id: string;
  readonly Name: string;
};

export function containerReport(request: ReportRequest): ContainerReport {
  const { record, status, restarts, image, folder, sizes } = request;
  const { options } = record;
  return {
    Id: record.id,
    Created: record.created,
    Path: record.command[0] ?? "",
    Args: record.command.slice(1),
    State: stateReport(status),
    Image: image?.id ?? "",
    LogPath: options.log?.driver === "none" ? "" : `${folder}/log`,
    Name: `/${record.name}`,
    RestartCount: restarts,
    Driver: record.image === undefined ? "" : "overlayfs",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: hostReport(options),
    GraphDriver: { Name: "overlayfs", Data: graphData(record, folder) },
    ...(sizes === undefined ? {} : { SizeRw: sizes.written, SizeRootFs: sizes.total }),
    Mounts: mountReports(options, request.storeRoot),
    Config: configReport(record, image?.config ?? {}),
    NetworkSettings: { Ports: {}, Networks: { [options.network]: {} } },
  };
}

function stateReport(status: ContainerStatus): Readonly<Record<string, unknown>> {
  const { kind } = status;
  const isLive = kind === "running" || kind === "paused";
  return {
    Status: kind === "lost" ? "dead" : kind,
    Running: isLive,
    Paused: kind === "paused",
    Restarting: false,
    OOMKilled: false,
    Dead: kind === "lost",
    Pid: isLive ? status.pid : 0,
    ExitCode: kind === "exited" ? status.code : 0,
    Error: kind === "lost" ? status.reason : "",
    StartedAt: kind === "created" ? NEVER : moment(status.startedMs),
    FinishedAt: kind === "exited" ? moment(status.finishedMs) : NEVER,
  };
}

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function hostReport(options: ContainerRecord["options"]): Readonly<Record<string, unknown>> {
  const { security = DEFAULT_SECURITY, log, restart = NO_RESTART } = options;
  const maxSize = log?.maxSize ?? 0;
  return {
    Binds: bindWords(options),
    LogConfig: {
      Type: log?.driver === "none" ? "none" : "k8s-file",
      Config: maxSize === 0 ? {} : { "max-size": String(maxSize) },
    },
    NetworkMode: options.network,
    PortBindings: {},
    RestartPolicy: {
      Name: restart.kind,
      MaximumRetryCount: restart.kind === "on-failure" ? restart.maxRetries : 0,
    },
    AutoRemove: options.remove,
    Annotations: options.annotations ?? {},
    CapAdd: security.addedCapabilities,
    CapDrop: security.droppedCapabilities,
    CgroupnsMode: options.namespaces?.cgroup ?? "private",
    GroupAdd: options.groups ?? [],
    IpcMode: options.namespaces?.ipc ?? "private",
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: options.namespaces?.pid ?? "",
    Privileged: security.privileged === true,
    ReadonlyRootfs: options.readOnly,
    SecurityOpt: securityWords(security),
    Tmpfs: tmpfsReport(options),
    UTSMode: options.namespaces?.uts ?? "",
    ShmSize: options.shmSize ?? DEFAULT_SHM_BYTES,
    Sysctls: options.sysctls ?? {},
    Runtime: "ocicat",
    Devices: (options.devices ?? []).map(({ source, destination, access }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: access,
    })),
    Ulimits: (options.ulimits ?? []).map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft === "unlimited" ? -1 : soft,
      Hard: hard === "unlimited" ? -1 : hard,
    })),
    ...limitsReport(options),
  };
}

function bindWords({ mounts, volumes = [] }: ContainerRecord["options"]): readonly string[] {
  const named = volumes.map((volume) => ({ ...volume, source: volume.name ?? "" }));
  return [...mounts, ...named].map(
    ({ source, destination, readOnly }) => `${source}:${destination}${readOnly ? ":ro" : ""}`,
  );
}

function limitsReport({ limits, cgroupParent = "" }: ContainerRecord["options"]) {
  return {
    CgroupParent: cgroupParent,
    Memory: limits.memory ?? 0,
    MemoryReservation: limits.memoryReservation ?? 0,
    MemorySwap: limits.memorySwap ?? 0,
    NanoCpus: Math.round((limits.cpus ?? 0) * NANO_CPUS),
    CpuShares: limits.cpuShares ?? 0,
    CpuPeriod: limits.cpuPeriod ?? 0,
    CpuQuota: limits.cpuQuota ?? 0,
    CpusetCpus: limits.cpusetCpus ?? "",
    CpusetMems: limits.cpusetMems ?? "",
    BlkioWeight: limits.blkioWeight ?? 0,
    PidsLimit: limits.pids ?? 0,
  };
}

function securityWords({
  seccomp,
  noNewPrivileges,
}: NonNullable<RunContainerOptions["security"]>): readonly string[] {
  return [
    ...(noNewPrivileges ? ["no-new-privileges"] : []),
    ...(seccomp === "unconfined" ? ["seccomp=unconfined"] : []),
  ];
}

function tmpfsReport({ tmpfs }: Pick<RunContainerOptions, "tmpfs">) {
  return Object.fromEntries(
    tmpfs.map((text) => {
      const [target = "", options = ""] = text.split(":", 2);
      return [target, options];
    }),
  );
}

function graphData({ image }: ContainerRecord, folder: string): Readonly<Record<string, string>> {
  return image === undefined
    ? {}
    : { UpperDir: `${folder}/upper`, WorkDir: `${folder}/work`, MergedDir: `${folder}/root` };
}

function mountReports(
  { mounts, volumes = [], tmpfs }: Pick<RunContainerOptions, "mounts" | "volumes" | "tmpfs">,
  storeRoot: string,
) {
  const binds = mounts.map(({ source, destination, readOnly, propagation = "rprivate" }) => ({
    Type: "bind",
    Source: source,
    Destination: destination,
    Mode: readOnly ? "ro" : "",
    RW: !readOnly,
    Propagation: propagation,
  }));
  const named = volumes.map(({ name = "", destination, readOnly }) => ({
    Type: "volume",
    Name: name,
    Source: dataPath(storeRoot, name),
    Destination: destination,
    Driver: "local",
    Mode: readOnly ? "ro" : "",
    RW: !readOnly,
    Propagation: "",
  }));
  const inMemory = tmpfs.map((text) => ({
    Type: "tmpfs",
    Source: "",
    Destination: text.split(":", 1)[0] ?? "",
    Mode: "",
    RW: true,
    Propagation: "",
  }));
  return [...binds, ...named, ...inMemory];
}

function configReport(
  { id, image, options, command }: ContainerRecord,
  config: ImageConfig,
): Readonly<Record<string, unknown>> {
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  return {
    Hostname: options.hostname ?? id.slice(0, 12),
    Domainname: "",
    User: options.user ?? config.User ?? "",
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: config.ExposedPorts ?? {},
    Tty: options.terminal,
    OpenStdin: options.interactive,
    StdinOnce: false,
    Env: mergedVariables([DEFAULT_PATH], config.Env ?? [], options.env),
    Cmd: command.slice(entrypoint.length),
    Image: image?.name ?? "",
    Volumes: config.Volumes ?? {},
    WorkingDir: options.workdir ?? config.WorkingDir ?? "/",
    Entrypoint: entrypoint,
    Labels: { ...config.Labels, ...options.labels },
    StopSignal: options.stopSignal ?? config.StopSignal ?? "SIGTERM",
    StopTimeout: (options.stopTimeoutMs ?? DEFAULT_STOP_SECONDS * 1000) / 1000,
  };
}
