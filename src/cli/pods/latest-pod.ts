// --latest: the pod that was created last, in place of a name.

import { listPods } from "../../engine/pods/list-pods.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { placeOptions } from "../containers/container-flags.ts";

export const LATEST_POD_FLAG = {
  latest: { kind: "switch", aliases: ["l"], help: "the pod that was created last" },
} as const;

interface LatestFlags {
  readonly args: readonly string[];
  switch(name: "latest"): boolean;
  text(name: "store" | "root"): string | undefined;
}

export async function onlyPod(flags: LatestFlags): Promise<string> {
  const [given] = flags.args;
  if (!flags.switch("latest")) {
    return given ?? "";
  }
  const [latest] = await listPods(placeOptions(flags));
  if (latest === undefined || given !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "--latest",
      reason: latest === undefined ? "there is no pod" : "it does not go with a pod's name",
    });
  }
  return latest.record.id;
}
