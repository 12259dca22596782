// inspect, container inspect: all that is known of containers, of images, of volumes, or of what was executed.

import { inspectExec } from "../../engine/containers/exec-operations.ts";
import { inspectContainer } from "../../engine/containers/inspect-container.ts";
import { inspectImage } from "../../engine/images/inspect-image.ts";
import { inspectPod } from "../../engine/pods/list-pods.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import type { FlagTable } from "../flags.ts";
import { PLATFORM_FLAG } from "../images/image-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";
import { volumeReport } from "../volumes/inspect.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";

/** "": a container, or else a pod, an image, or a volume. */
const TYPES = ["", "container", "pod", "image", "volume", "exec"] as const;

const CONTAINER_FLAGS = {
  ...INSPECT_FORMAT_FLAG,
  size: { kind: "switch", aliases: ["s"], help: "count the bytes of a container's files" },
  ...LATEST_FLAG,
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const inspectContainers = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: "Shows all that is known of containers, as a JSON array with the fields of docker.",
  flags: CONTAINER_FLAGS,
  args: { min: 1, unless: isLatest },
  completes: "container",
  examples: ["ocicat container inspect --format '{{.State.Status}}' web"],
  async act(flags, { command }) {
    const options = { ...placeOptions(flags), sizes: flags.switch("size") };
    const find = async (word: string) =>
      (await inspectContainer(word, options)) ?? missing(word, "container");
    return inspectEach(flags, command, find, await withLatest(flags));
  },
});

export const inspect = defineCommand({
  usage: ["[FLAGS] CONTAINER|POD|IMAGE|VOLUME...", "[FLAGS] --type exec EXEC..."],
  about: `Shows all that is known of containers, or of pods, images or volumes where nothing before has that name, as
a JSON array with the fields of docker. EXEC is the ID of a process that \`ocicat exec\` has added to a container.`,
  flags: {
    ...CONTAINER_FLAGS,
    type: {
      kind: "text",
      aliases: ["t"],
      value: "container|pod|image|volume|exec",
      help: "look for nothing else",
    },
    ...PLATFORM_FLAG,
  },
  args: { min: 1, unless: isLatest },
  completes: "container",
  examples: [
    "ocicat inspect web",
    "ocicat inspect --format '{{.State.Pid}} {{.Config.Env}}' web",
    "ocicat inspect --type image --format '{{json .Config.Labels}}' debian:12",
    "ocicat inspect --type exec --format '{{.Running}} {{.ExitCode}}' 4f2a",
  ],
  async act(flags, { command }) {
    const type = parseType(flags.text("type") ?? "");
    const place = placeOptions(flags);
    const platform = flags.text("platform");
    const findImage = (word: string) => inspectImage(word, { ...place, platform });
    const findContainer = (word: string) =>
      inspectContainer(word, { ...place, sizes: flags.switch("size") });
    const finders: Readonly<Record<InspectedType, (word: string) => Promise<unknown>>> = {
      container: async (word) => (await findContainer(word)) ?? missing(word, "container"),
      pod: (word) => inspectPod(word, place),
      image: findImage,
      volume: (word) => volumeReport(word, place),
      exec: (word) => inspectExec(word, place),
      "": async (word) =>
        (await findContainer(word)) ??
        (await inspectPod(word, place).catch(unlessMissing)) ??
        (await findImage(word).catch((error: unknown) =>
          volumeReport(word, place).catch(() => Promise.reject(noSuchThing(word, error))),
        )),
    };
    return inspectEach(flags, command, finders[type], await withLatest(flags));
  },
});

type InspectedType = (typeof TYPES)[number];

function parseType(text: string): InspectedType {
  const type = TYPES.find((each) => each === text);
  if (type === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--type ${quote(text)}`,
      reason: "it is neither container, pod, image, volume nor exec",
    });
  }
  return type;
}

function missing(word: string, kind: string): never {
  throw new OcicatError("not-found", {
    operation: "find",
    subject: `${kind} ${quote(word.slice(0, 200))}`,
    reason: "there is none of this name or id",
  });
}

/** `cause`: why it is no image. */
function noSuchThing(word: string, cause: unknown): unknown {
  if (!(cause instanceof OcicatError) || cause.code !== "not-found") {
    return cause;
  }
  return new OcicatError("not-found", {
    operation: "find",
    subject: quote(word.slice(0, 200)),
    reason: "there is no container, pod, image or volume of this name or id",
    cause,
    hint: /^did you mean/.test(cause.hint ?? "")
      ? (cause.hint ?? "")
      : "`ocicat ps -a` and `ocicat images` list what there is",
  });
}
