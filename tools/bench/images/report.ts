// The part of the page that tells of images.

import { bytes, milliseconds, ratio, table } from "../table.ts";
import type { MountResult } from "./mounting.ts";
import type { Figures, ImageResult, Targets } from "./scenarios.ts";

const COLD_TARGET_MS = 10;
const SHARED_TARGET_MS = 1;

export function imageResultText({ scenario, figures }: ImageResult): string {
  const [own] = figures;
  const fastest = fastestPeer(figures);
  const rows = figures.map((each) => {
    const targets = targetsOf(scenario.targets, each, each === fastest);
    const isOwn = own === undefined || each === own;
    return [
      each.name,
      `${seconds(each.wallMedianMs)} (${seconds(each.wallLeastMs)}-${seconds(each.wallMostMs)})`,
      isOwn ? "" : ratio(own.wallMedianMs / each.wallMedianMs, targets.wall),
      seconds(each.cpuMedianMs),
      isOwn ? "" : ratio(own.cpuMedianMs / each.cpuMedianMs, targets.cpu),
      bytes(each.peakBytes),
    ];
  });
  const head = ["", "wall", "ratio", "CPU", "ratio", "peak memory"];
  return `## ${scenario.title}\n\n${scenario.comment}\n\n${table(head, rows)}`;
}

export function mountText(results: readonly MountResult[]): string {
  const rows = results.map(({ what, coldMs, sharedMs }) => [
    what,
    verdict(coldMs, COLD_TARGET_MS),
    verdict(sharedMs, SHARED_TARGET_MS),
  ]);
  const head = ["", "the first", "beside another one"];
  return `## Mounting a stored image, from a running process\n\nMilliseconds.\n\n${table(head, rows)}`;
}

/** Names of peers begin with a word for what they are; those without a version are no stores of images. */
function fastestPeer([, ...others]: readonly Figures[]): Figures | undefined {
  return others
    .filter(({ name }) => !name.startsWith("ocicat"))
    .toSorted((one, other) => one.wallMedianMs - other.wallMedianMs)[0];
}

function targetsOf(
  targets: Readonly<Record<string, Targets>>,
  { name }: Figures,
  isFastest: boolean,
): Targets {
  const own = targets[name] ?? targets[name.split(" ")[0] ?? ""];
  return own ?? (isFastest ? (targets["fastest peer"] ?? {}) : {});
}

function seconds(value: number): string {
  return value < 1000 ? `${milliseconds(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

function verdict(value: number, limit: number): string {
  const text = milliseconds(value);
  return value <= limit
    ? `${text} (target ${limit}: met)`
    : `**${text} (target ${limit}: missed)**`;
}
