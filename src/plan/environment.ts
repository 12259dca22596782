// The environment of the container's process: of a name that occurs twice in process.env the last one
// counts, as runc has it.

import type { Process } from "../oci/process.ts";

export function environmentOf({ env = [] }: Process): string[] {
  const variables = new Map<string, string>();
  for (const variable of env) {
    const name = variable.slice(0, variable.indexOf("="));
    // Where its last one stands: a map keeps the place of the first.
    variables.delete(name);
    variables.set(name, variable);
  }
  return [...variables.values()];
}
