// --replace: the container that has the name makes room.

import type { RunContainerOptions } from "../../engine/run-options.ts";
import { badValue } from "./bad-value.ts";

export async function replaceContainer({
  name,
  storeRoot,
  stateRoot,
}: RunContainerOptions): Promise<void> {
  if (name === undefined) {
    throw badValue("replace", "true", "it needs --name");
  }
  const { removeNamed } = await import("../../engine/containers/replace-container.ts");
  await removeNamed(name, { storeRoot, stateRoot });
}
