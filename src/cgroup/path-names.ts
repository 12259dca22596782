// Arithmetic on the paths of cgroups: text alone, nothing is looked up.

/**
 * Without ".", "..", "//" or an end slash; ".." stops at the root. An absolute path stays absolute, a
 * relative one relative, so that no name can leave the directory that it is joined to.
 */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      parts.pop();
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  const joined = parts.join("/");
  return path.startsWith("/") ? `/${joined}` : joined;
}

export function joinPath(directory: string, path: string): string {
  return cleanPath(`${directory}/${path}`);
}

/** "/a" for "/a/b"; "/" for "/a" and "/". */
export function parentPath(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

/** `path` below `root`, without a leading slash; undefined where it is not below. */
export function relativePath(root: string, path: string): string | undefined {
  const prefix = root === "/" ? "/" : `${root}/`;
  if (path === root) {
    return "";
  }
  const isBelow = path.startsWith(prefix) && !path.startsWith("/..");
  return isBelow ? path.slice(prefix.length) : undefined;
}

/** One component of a path, and not "." or "..". */
export function isCleanName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}
