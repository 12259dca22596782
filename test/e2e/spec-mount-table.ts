// The lines of /proc/PID/mountinfo, taken apart: proc(5).

export interface MountLine {
  readonly mountPoint: string;
  /** Of the mount: "ro", "nosuid". */
  readonly options: readonly string[];
  /** "shared:12", "master:3", "unbindable". */
  readonly propagation: readonly string[];
  readonly fileSystem: string;
  readonly source: string;
  /** Of the superblock. */
  readonly superblock: readonly string[];
}

export function parseMountTable(text: string): MountLine[] {
  return text
    .split("\n")
    .filter((line) => line.includes(" - "))
    .map((line) => {
      const [mount = "", rest = ""] = line.split(" - ");
      const [, , , , mountPoint = "", options = "", ...propagation] = mount.split(" ");
      const [fileSystem = "", source = "", superblock = ""] = rest.split(" ");
      return {
        mountPoint,
        options: options.split(","),
        propagation: propagation.filter((field) => field !== ""),
        fileSystem,
        source,
        superblock: superblock.split(","),
      };
    });
}

/** The last one: it hides those below it. */
export function mountAt(text: string, mountPoint: string): MountLine {
  const found = parseMountTable(text).findLast((line) => line.mountPoint === mountPoint);
  if (found === undefined) {
    throw new Error(`nothing is mounted on ${mountPoint}:\n${text}`);
  }
  return found;
}
