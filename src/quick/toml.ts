// In the place of src/config/toml.ts: what is more than simple, or wrong, the compiled program reads.

import type { TomlFile } from "../config/toml.ts";
import { fallBack } from "./fall-back.ts";
import { parseSimpleToml } from "./simple-toml.ts";

export function parseToml({ path, text }: TomlFile): object {
  return parseSimpleToml(text) ?? fallBack(path);
}
