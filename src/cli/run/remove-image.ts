// --rmi: the image goes with its container, unless others use it.

import { removeImages } from "../../engine/images/remove-images.ts";
import type { RunContainerOptions } from "../../engine/run-options.ts";
import { describeFailure } from "../describe-failure.ts";
import { writeWarning } from "../terminal/write-warning.ts";

/** One that has to stay is warned of: the container has done what it was to do. */
export async function removeImageOf({ source, storeRoot }: RunContainerOptions): Promise<void> {
  if (source.kind !== "image") {
    return;
  }
  const { failures } = await removeImages([source.reference], {
    ...(storeRoot === undefined ? {} : { storeRoot }),
  });
  for (const failure of failures) {
    writeWarning(describeFailure(failure));
  }
}
