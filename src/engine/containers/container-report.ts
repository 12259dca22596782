// What `inspect` tells of a container, with the fields that `docker inspect` has. What a container does not
// have is empty here, so that templates and scripts find it. No I/O.

import type { ImageConfig } from "../../oci/image-spec.ts";
import { type Health, type ProbedHealth, readinessOf } from "../health/health.ts";
import { PROBE_KINDS, probeOf } from "../health/health-check.ts";
import type { RunNetwork } from "../run-options.ts";
import { configReport } from "./config-report.ts";
import type { ContainerRecord } from "./container-record.ts";
import { type ContainerStatus, isLive, isRestarting, stateWord } from "./container-status.ts";
import { hostReport } from "./host-report.ts";
import { mountReports } from "./mount-reports.ts";

/** How docker writes a moment that has not come. */
const NEVER = "0001-01-01T00:00:00Z";

export interface ReportRequest {
  readonly record: ContainerRecord;
  readonly status: ContainerStatus;
  /** In its last run. */
  readonly wasOutOfMemory: boolean;
  /** Why its last start failed. */
  readonly startFailure: string | undefined;
  /** By its restart policy. */
  readonly restarts: number;
  /** Undefined: it is made of none, or the store does not have it any more. */
  readonly image:
    | { readonly id: string; readonly config: Omit<ImageConfig, "Healthcheck"> }
    | undefined;
  readonly folder: string;
  readonly storeRoot: string;
  readonly execIds: readonly string[];
  readonly health: ProbedHealth;
  /** That its process has; empty: none. */
  readonly appArmorProfile: string;
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
  const { record, restarts, image, folder, sizes } = request;
  const { options } = record;
  return {
    Id: record.id,
    Created: record.created,
    Path: record.command[0] ?? "",
    Args: record.command.slice(1),
    State: { ...stateReport(request), ...healthReports(request) },
    Image: image?.id ?? "",
    ResolvConfPath: `${folder}/resolv.conf`,
    HostnamePath: `${folder}/hostname`,
    HostsPath: options.names?.keepsHosts === true ? "" : `${folder}/hosts`,
    LogPath: options.log?.driver === "none" ? "" : `${folder}/log`,
    Name: `/${record.name}`,
    RestartCount: restarts,
    Rootfs: options.source.kind === "rootfs" ? options.source.path : "",
    Driver: record.image === undefined ? "" : "overlayfs",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: request.appArmorProfile,
    ExecIDs: request.execIds.length === 0 ? null : request.execIds,
    HostConfig: hostReport(options),
    GraphDriver: { Name: "overlayfs", Data: graphData(record, folder) },
    ...(sizes === undefined ? {} : { SizeRw: sizes.written, SizeRootFs: sizes.total }),
    Mounts: mountReports(options, request.storeRoot),
    Config: configReport(record, image?.config ?? {}),
    NetworkSettings: networkReport(options.network),
  };
}

function stateReport({
  status,
  wasOutOfMemory,
  startFailure,
}: Pick<ReportRequest, "status" | "wasOutOfMemory" | "startFailure">): Readonly<
  Record<string, unknown>
> {
  const { kind } = status;
  const hasProcess = kind === "running" || kind === "paused";
  return {
    Status: stateWord(status),
    // Of one that is about to be started again, too: as docker has it.
    Running: isLive(status),
    Paused: kind === "paused",
    Restarting: isRestarting(status),
    OOMKilled: wasOutOfMemory && !hasProcess,
    Dead: kind === "lost" && !isRestarting(status),
    Pid: hasProcess ? status.pid : 0,
    ExitCode: exitCodeOf(status),
    Error: (hasProcess ? undefined : startFailure) ?? (kind === "lost" ? status.reason : ""),
    StartedAt: kind === "created" ? NEVER : moment(status.startedMs),
    FinishedAt: kind === "exited" ? moment(status.finishedMs) : NEVER,
  };
}

/** Docker's, too, for an end that nobody saw: 0 would say that all went well. */
const UNKNOWN_CODE = 255;

function exitCodeOf(status: ContainerStatus): number {
  switch (status.kind) {
    case "exited":
      return status.code;
    case "lost":
      return UNKNOWN_CODE;
    default:
      return 0;
  }
}

/**
 * Of the probes that it has; whether it is ready, where one of them says so. Undefined: a document says nothing
 * of it, but a template may ask whether it is there.
 */
function healthReports({
  record: { options },
  status,
  health,
}: Pick<ReportRequest, "record" | "status" | "health">): Readonly<Record<string, unknown>> {
  const isReady = readinessOf(options, health);
  const reports = { liveness: "Health", startup: "Startup", readiness: "Readiness" } as const;
  return {
    ...Object.fromEntries(
      PROBE_KINDS.map((kind) => [
        reports[kind],
        probeOf(options, kind) === undefined ? undefined : healthReport(health[kind]),
      ]),
    ),
    Ready: isReady === undefined ? undefined : isReady && status.kind === "running",
  };
}

function healthReport({ status, failingStreak, log }: Health): Readonly<Record<string, unknown>> {
  const Log = log.map(({ start, end, exitCode, output }) => ({
    Start: start,
    End: end,
    ExitCode: exitCode,
    Output: output,
  }));
  return { Status: status, FailingStreak: failingStreak, Log };
}

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function graphData({ image }: ContainerRecord, folder: string): Readonly<Record<string, string>> {
  return image === undefined
    ? {}
    : { UpperDir: `${folder}/upper`, WorkDir: `${folder}/work`, MergedDir: `${folder}/root` };
}

const NO_ADDRESS = {
  Gateway: "",
  IPAddress: "",
  IPPrefixLen: 0,
  IPv6Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
  MacAddress: "",
};

/** Who joins another's namespace is in no network of its own. */
function networkReport(network: RunNetwork): Readonly<Record<string, unknown>> {
  const isNamed = network === "none" || network === "host";
  const Networks = isNamed ? { [network]: { NetworkID: "", EndpointID: "", ...NO_ADDRESS } } : {};
  return { SandboxKey: "", Ports: {}, ...NO_ADDRESS, Networks };
}
