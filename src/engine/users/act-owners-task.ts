// The other side of as-owner-command.ts: root of a user namespace, whose ids are those that are counted.

import { unpackOwned } from "../../image/unpack/unpack-as-owner.ts";
import { fillVolume } from "../volumes/fill-volume.ts";
import type { OwnersTask } from "./as-owner-command.ts";

/** `onWarning`: a line. */
export async function actOwnersTask(
  task: OwnersTask,
  onWarning: (text: string) => void,
): Promise<void> {
  if (task.kind === "unpack") {
    await unpackOwned(task.layers, task.place);
  } else {
    await fillVolume(task.path, task.lower, { volume: task.volume, onWarning });
  }
}
