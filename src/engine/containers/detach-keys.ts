// The keys that leave a terminal: what the caller chose, or the setting.

import { parseDetachKeys } from "../../holder/detach-keys.ts";
import type { Surroundings } from "../surroundings.ts";

export function detachKeys(
  { configuration }: Surroundings,
  options: { readonly detachKeys?: readonly number[] },
): readonly number[] {
  return options.detachKeys ?? parseDetachKeys(configuration.get("terminal.detach-keys"));
}
