// How the user wants progress to be shown, by the settings.

import type { ProgressStyle } from "../../config/schema.ts";
import { readSurroundings } from "../surroundings.ts";
import type { ImageOptions } from "./image-session.ts";

export async function progressSetting(options: ImageOptions): Promise<ProgressStyle> {
  const { configuration } = await readSurroundings(options);
  return configuration.get("progress.style");
}
