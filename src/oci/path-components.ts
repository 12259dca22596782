// The names that a path is made of. No I/O.

/** "/a//b/./c/" -> ["a", "b", "c"]; "a/../b" -> ["b"]; never above the root. */
export function pathComponents(path: string): string[] {
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "..") {
      components.pop();
    } else if (component !== "" && component !== ".") {
      components.push(component);
    }
  }
  return components;
}
