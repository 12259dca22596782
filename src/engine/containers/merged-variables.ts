// The variables of a container's own process, of several lists one after the other. No I/O.

/** Later ones win, in the place of the first; a name without a value takes a variable away. */
export function mergedVariables(...lists: readonly (readonly string[])[]): readonly string[] {
  const variables = new Map<string, string>();
  for (const entry of lists.flat()) {
    const [name = ""] = entry.split("=", 1);
    if (entry.includes("=")) {
      variables.set(name, entry);
    } else {
      variables.delete(name);
    }
  }
  return [...variables.values()];
}
