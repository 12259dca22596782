// Which pods a command is about: those that are named, or whose IDs are in files; with --all every one; with
// --latest the one that was created last.

import { type ListedPod, listPods } from "../../engine/pods/list-pods.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { absolutePath } from "../absolute-path.ts";
import { placeOptions, requireNoNames } from "../containers/container-flags.ts";

export const LATEST_POD_FLAG = {
  latest: { kind: "switch", aliases: ["l"], help: "the pod that was created last" },
} as const;

export const POD_CHOICE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "every pod" },
  ...LATEST_POD_FLAG,
  "pod-id-file": { kind: "list", value: "FILE", help: "the pod whose ID is in the file" },
} as const;

interface LatestWords {
  readonly args: readonly string[];
  switch(name: "latest"): boolean;
  text(name: "store" | "root"): string | undefined;
}

interface PodWords extends LatestWords {
  switch(name: "all" | "latest"): boolean;
  list(name: "pod-id-file"): readonly string[];
}

export const NAMED_PODS = {
  min: 1,
  unless: (flags: Pick<PodWords, "switch" | "list">): boolean =>
    flags.switch("all") || flags.switch("latest") || flags.list("pod-id-file").length > 0,
} as const;

export async function wantedPods(flags: PodWords): Promise<readonly string[]> {
  const files = flags.list("pod-id-file").map((path) => readTextFile(absolutePath(path)).trim());
  const named = [...flags.args, ...files];
  const flag = (["all", "latest"] as const).find((name) => flags.switch(name));
  if (flag === undefined) {
    return named;
  }
  requireNoNames(named, flag);
  const listed = await listPods(placeOptions(flags));
  return flags.switch("latest") ? [latestOf(listed)] : listed.map(({ record }) => record.id);
}

/** The pods that are named, or the latest in place of a name; none: neither is there. */
export async function namedPods(flags: LatestWords): Promise<readonly string[]> {
  if (!flags.switch("latest")) {
    return flags.args;
  }
  requireNoNames(flags.args, "latest");
  return [await latestPod(flags)];
}

/** Throws "not-found" where there is none. */
export async function latestPod(flags: Pick<LatestWords, "text">): Promise<string> {
  return latestOf(await listPods(placeOptions(flags)));
}

function latestOf([latest]: readonly ListedPod[]): string {
  if (latest === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: "the latest pod",
      reason: "there is none",
    });
  }
  return latest.record.id;
}
