// The volumes that are named, or with --all every one.

import { listVolumes } from "../../engine/volumes/volume-operations.ts";
import { placeOptions, requireNoNames } from "../containers/container-flags.ts";

interface VolumeWords {
  readonly args: readonly string[];
  switch(name: "all"): boolean;
  text(name: "store" | "root"): string | undefined;
}

export async function wantedVolumes(flags: VolumeWords): Promise<readonly string[]> {
  if (!flags.switch("all")) {
    return flags.args;
  }
  requireNoNames(flags.args, "all");
  const listed = await listVolumes({ ...placeOptions(flags), filters: [] });
  return listed.map(({ name }) => name);
}
