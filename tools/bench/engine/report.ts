// The part of the page that tells of containers.

import { milliseconds, ratio, table } from "../table.ts";
import type { AttachLatency } from "./attach-latency.ts";
import type { CommandResult } from "./commands.ts";
import type { LogThroughput } from "./log-throughput.ts";
import type { IdleMemory, StartsAtOnce } from "./many-containers.ts";
import type { SupervisorMemory } from "./supervisor-memory.ts";

const AT_ONCE_TARGET_MS = 3000;
const PSS_TARGET_KILOBYTES = 60;
const SUPERVISOR_TARGET_KILOBYTES = 60 * 1024;
/** ocicat's over conmon's. */
const LEAST_THROUGHPUT = 1.5;
const MOST_LOG_CPU = 1;
const CONMON = "podman";

const MEGABYTE = 1e6;

export function commandText({ scenario, names, measurements }: CommandResult): string {
  const [own] = measurements;
  const rows = measurements.map(({ wallMedian, wallMinimum, wallP90, cpu }, index) => {
    const name = names[index] ?? "";
    const targets = scenario.targets[name.split(" ")[0] ?? ""] ?? {};
    const isOwn = index === 0 || own === undefined;
    const limit = isOwn ? scenario.limitMs : undefined;
    return [
      name,
      `${milliseconds(wallMedian)} (${milliseconds(wallMinimum)}-${milliseconds(wallP90)})`,
      isOwn ? atMost(wallMedian, limit) : ratio(own.wallMedian / wallMedian, targets.wall),
      milliseconds(cpu),
      isOwn ? "" : ratio(own.cpu / cpu, targets.cpu),
    ];
  });
  const comment =
    `${scenario.comment} Milliseconds; the CPU time of daemons is not counted.`.trim();
  const head = ["", "wall", "ratio", "CPU", "ratio"];
  return section(scenario.title, comment, table(head, rows));
}

export function startsText(results: readonly StartsAtOnce[]): string {
  const [own] = results;
  const rows = results.map(({ name, wallMs, cpuMs }) => {
    const isOwn = own === undefined || name === own.name;
    return [
      name,
      seconds(wallMs),
      isOwn ? atMost(wallMs, AT_ONCE_TARGET_MS, seconds) : ratio(own.wallMs / wallMs, undefined),
      seconds(cpuMs),
      isOwn ? "" : ratio(own.cpuMs / cpuMs, undefined),
    ];
  });
  const comment =
    "Each by a `run -d` of its own; all are waited for. The CPU time is the commands'.";
  const head = ["", "wall", "ratio", "CPU", "ratio"];
  return section(`start ${own?.containers ?? 0} containers at once`, comment, table(head, rows));
}

export function memoryText(results: readonly IdleMemory[]): string {
  const [own] = results;
  const rows = results.map((result) => {
    const { name, containers, processes, keepersPss, daemonsPss } = result;
    const each = perContainer(result);
    const verdict = name === own?.name ? atMost(each, PSS_TARGET_KILOBYTES, String) : "";
    const peer = results.find((other) => other.name === own?.name && sameCount(other, result));
    const share = peer === undefined ? 0 : perContainer(peer) / each;
    return [
      name,
      String(containers),
      String(processes),
      String(keepersPss),
      String(daemonsPss),
      each.toFixed(1),
      verdict === "" ? ratio(share, undefined) : verdict,
    ];
  });
  const comment =
    "The proportional set size (PSS) of everything but the containers' own processes, in kilobytes: " +
    "what keeps each of them (ocicat's holder, conmon, containerd-shim), and daemons.";
  const head = ["", "containers", "processes", "keepers", "daemons", "a container", "ratio"];
  return section("memory of idle containers", comment, table(head, rows));
}

function perContainer({ keepersPss, daemonsPss, containers }: IdleMemory): number {
  return (keepersPss + daemonsPss) / containers;
}

function sameCount(one: IdleMemory, other: IdleMemory): boolean {
  return one.containers === other.containers;
}

export function supervisorText({ containers, pss, rss }: SupervisorMemory): string {
  const row = [megabytes(pss), megabytes(rss), atMost(pss, SUPERVISOR_TARGET_KILOBYTES, megabytes)];
  return section(
    "memory of the supervisor",
    `It probes ${containers} containers every second. The most of several looks.`,
    table(["PSS", "RSS", "target"], [row]),
  );
}

export function logsText(results: readonly LogThroughput[]): string {
  const [own] = results;
  const rows = results.map(({ name, bytesPerSecond, cpuMsPerGigabyte }) => {
    const isOwn = own === undefined || name === own.name;
    const isConmon = name.startsWith(CONMON);
    return [
      name,
      `${(bytesPerSecond / MEGABYTE).toFixed(0)} MB/s`,
      isOwn ? "" : atLeast(own.bytesPerSecond / bytesPerSecond, isConmon),
      seconds(cpuMsPerGigabyte),
      isOwn
        ? ""
        : ratio(own.cpuMsPerGigabyte / cpuMsPerGigabyte, isConmon ? MOST_LOG_CPU : undefined),
    ];
  });
  const comment =
    "One container writes lines of 100 bytes as fast as they are taken. The log is a file without a " +
    "limit, which is the default of each: in the format of Kubernetes (CRI) of ocicat and podman, in JSON " +
    "of docker. CPU: of what keeps the container, and of daemons, for a gigabyte of lines.";
  const head = ["", "throughput", "ratio", "CPU a gigabyte", "ratio"];
  return section("the log of one chatty container", comment, table(head, rows));
}

export function attachText(results: readonly AttachLatency[]): string {
  const [own] = results;
  const rows = results.map(({ name, medianMs, p90Ms }) => [
    name,
    `${medianMs.toFixed(3)} (${p90Ms.toFixed(3)})`,
    own === undefined || name === own.name ? "" : ratio(own.medianMs / medianMs, undefined),
  ]);
  const comment =
    "From a key to its echo at the user's terminal, where the client, the keeper and the container's " +
    "terminal are between. Milliseconds, the median and the 90th percentile.";
  return section("attach: a key and its echo", comment, table(["", "latency", "ratio"], rows));
}

function section(title: string, comment: string, body: string): string {
  return `## ${title}\n\n${comment}\n\n${body}`;
}

function seconds(value: number): string {
  return value < 1000 ? `${milliseconds(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

function megabytes(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1)} MB`;
}

/** "": there is no target. */
function atMost(value: number, limit: number | undefined, show = milliseconds): string {
  if (limit === undefined) {
    return "";
  }
  const text = `target ${show(limit)}`;
  return value <= limit ? `${text}: met` : `**${text}: missed**`;
}

function atLeast(share: number, isTarget: boolean): string {
  const text = `${share.toFixed(2)} x`;
  if (!isTarget) {
    return text;
  }
  const target = `target ${LEAST_THROUGHPUT}`;
  return share >= LEAST_THROUGHPUT ? `${text} (${target}: met)` : `**${text} (${target}: missed)**`;
}
