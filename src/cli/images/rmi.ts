// rmi, image rm: removes images. Exit codes as podman has them: 1 when an image is not there, 2 when one is
// in use.

import type { ImageOptions } from "../../engine/images/image-session.ts";
import { listImages } from "../../engine/images/list-images.ts";
import { type RemovedImage, removeImages } from "../../engine/images/remove-images.ts";
import type { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { requireNoNames } from "../containers/container-flags.ts";
import { describeFailure } from "../describe-failure.ts";
import { showText } from "../terminal/printable.ts";
import { writeError } from "../write-text.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

const EXIT_IN_USE = 2;

export const rmi = defineCommand({
  usage: ["[FLAGS] IMAGE...", "[FLAGS] --all"],
  about: `Removes names, and with an image's last name the image. IMAGE is a name or an ID.`,
  notes: `Exit codes: 1 when there is no such image, 2 when a container uses one or it has other names.`,
  flags: {
    force: { kind: "switch", aliases: ["f"], help: "with all its names, though it is in use" },
    all: { kind: "switch", aliases: ["a"], help: "every image; one in use with --force alone" },
    ignore: { kind: "switch", aliases: ["i"], help: "one that is gone is no error" },
    "no-prune": { kind: "switch", help: "leave content that nothing needs any more" },
    ...STORE_FLAG,
  },
  args: { min: 1, unless: (flags) => flags.switch("all") },
  refused: () =>
    Promise.resolve({ platform: { reason: "an image goes as a whole: name it by its ID" } }),
  completes: "image",
  examples: ["ocicat rmi debian:12", "ocicat rmi -f $(ocicat images -q)"],
  async act(flags, { command }) {
    const place = imageOptions(flags.text("store"));
    const isAll = flags.switch("all");
    if (isAll) {
      requireNoNames(flags.args, "all");
    }
    const words = isAll ? await allImages(place) : flags.args;
    const mayBeGone = flags.switch("force") || flags.switch("ignore");
    const { removed, failures } = await removeImages(words, {
      ...place,
      force: flags.switch("force"),
      keepContent: flags.switch("no-prune"),
    });
    showText(removed.map(removalText).join(""));
    for (const failure of flags.switch("ignore") ? failures.filter(isNotGone) : failures) {
      writeError(`${command}: ${describeFailure(failure)}\n`);
    }
    return exitCodeOf(failures, mayBeGone);
  },
});

/** By all of their names; by its ID an image that has none. */
async function allImages(place: ImageOptions): Promise<readonly string[]> {
  return (await listImages(place)).map(({ name, id }) => name ?? id);
}

/** Docker's lines. */
export function removalText({ untagged, deleted }: RemovedImage): string {
  const names = untagged.map((name) => `Untagged: ${name}\n`).join("");
  return deleted === undefined ? names : `${names}Deleted: ${deleted}\n`;
}

function isNotGone({ code }: OcicatError): boolean {
  return code !== "not-found";
}

/** What is not there need not be removed: with --force and --ignore that is no failure. */
function exitCodeOf(failures: readonly OcicatError[], mayBeGone: boolean): number {
  if (failures.some(({ code }) => code === "wrong-state")) {
    return EXIT_IN_USE;
  }
  return failures.some((failure) => !mayBeGone || isNotGone(failure)) ? 1 : 0;
}
