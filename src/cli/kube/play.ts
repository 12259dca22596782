// kube play: pods, volumes and secrets of a YAML file, with podman's output.

import { type Played, playKube } from "../../engine/kube/play-kube.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { interruptible, workFailureCode } from "../interruptible.ts";
import { badValue } from "../run/bad-value.ts";
import { writeOutput } from "../write-text.ts";
import { readDocument } from "./read-document.ts";

const PLAY_FLAGS = {
  quiet: { kind: "switch", aliases: ["q"], help: "for podman's sake: no progress is shown" },
  replace: {
    kind: "switch",
    help: "first remove pods of these names, and surplus ones of Deployments",
  },
  start: { kind: "switch", help: "start the pods, the default; --start=false only makes them" },
  configmap: { kind: "list", value: "FILE", help: "a file with further ConfigMaps" },
  network: {
    kind: "text",
    aliases: ["net"],
    value: "host|none",
    help: "in place of what the file says",
  },
  "cgroup-parent": { kind: "text", value: "PATH", help: "make the pods' cgroups below this one" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const play = defineCommand({
  usage: ["[FLAGS] FILE", "[FLAGS] -"],
  about: `Makes what a YAML file asks for, and starts it: Pod, Deployment (a pod for each replica), ConfigMap, Secret,
PersistentVolumeClaim. Containers are named POD-CONTAINER. What a file says and ocicat does not do is
named in warnings; ports need hostNetwork as long as there are no networks.`,
  flags: PLAY_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_PLAY_FLAGS,
  args: { min: 1, max: 1 },
  completes: "file",
  examples: [
    "ocicat kube play web.yaml",
    "ocicat kube play --replace --configmap settings.yaml web.yaml",
    "ocicat kube generate web | ocicat kube play -",
  ],
  failureCode: workFailureCode,
  act: playCommand,
});

async function playCommand(flags: FlagsOf<typeof PLAY_FLAGS>): Promise<number> {
  const mapTexts = flags.list("configmap").map(readDocument);
  const cgroupParent = flags.text("cgroup-parent");
  const network = parseNetwork(flags.text("network"));
  const options = {
    ...placeOptions(flags),
    ...readDocument(flags.args[0] ?? ""),
    mapTexts,
    replace: flags.switch("replace"),
    start: !flags.isSet("start") || flags.switch("start"),
    ...(network === undefined ? {} : { network }),
    ...(cgroupParent === undefined ? {} : { cgroupParent }),
  };
  const played = await interruptible((signal) => playKube({ ...options, signal }));
  writeOutput(textOf(played));
  return 0;
}

function parseNetwork(text: string | undefined): "host" | "none" | undefined {
  if (text !== undefined && text !== "host" && text !== "none") {
    throw badValue(
      "network",
      text,
      "it is neither host nor none",
      "named networks are not there yet",
    );
  }
  return text;
}

/** Podman's words. */
function textOf({ pods, secrets, volumes }: Played): string {
  const parts = pods.map(({ id, containers }) => [
    "Pod:",
    id,
    containers.length === 1 ? "Container:" : "Containers:",
    ...containers,
    "",
  ]);
  const named = [
    ...(volumes.length === 0 ? [] : ["Volumes:", ...volumes, ""]),
    ...(secrets.length === 0 ? [] : ["Secrets:", ...secrets, ""]),
  ];
  return [...named, ...parts.flat()].map((line) => `${line}\n`).join("");
}
