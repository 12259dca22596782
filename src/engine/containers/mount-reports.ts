// The part "Mounts" of what `inspect` tells of a container, and its mounts in the words of `run`. No I/O.

import type { RunContainerOptions } from "../run-options.ts";
import { dataPath } from "../run-volumes.ts";

type MountOptions = Pick<RunContainerOptions, "mounts" | "volumes" | "tmpfs" | "imageMounts">;

export function mountReports(options: MountOptions, storeRoot: string) {
  const { mounts, volumes = [], tmpfs, imageMounts = [] } = options;
  const binds = mounts.map((mount) => ({
    Type: "bind",
    Source: partOf(mount.source, mount.subpath),
    Destination: mount.destination,
    Mode: mount.readOnly ? "ro" : "",
    RW: !mount.readOnly,
    Propagation: mount.propagation ?? "rprivate",
  }));
  const named = volumes.map(({ name = "", destination, readOnly, subpath }) => ({
    Type: "volume",
    Name: name,
    Source: partOf(dataPath(storeRoot, name), subpath),
    Destination: destination,
    Driver: "local",
    Mode: readOnly ? "ro" : "",
    RW: !readOnly,
    Propagation: "",
  }));
  const inMemory = tmpfs.map((text) => {
    const { destination, options } = tmpfsParts(text);
    return {
      Type: "tmpfs",
      Source: "",
      Destination: destination,
      Mode: options,
      RW: !options.split(",").includes("ro"),
      Propagation: "",
    };
  });
  const images = imageMounts.map(({ reference, destination, subpath = "", writable }) => ({
    Type: "image",
    Source: reference,
    Destination: destination,
    Mode: subpath,
    RW: writable,
    Propagation: "",
  }));
  return [...binds, ...named, ...images, ...inMemory];
}

function partOf(path: string, subpath: string | undefined): string {
  return subpath === undefined ? path : `${path}/${subpath}`;
}

/** As -v takes them: "SOURCE:TARGET[:OPTIONS]". */
export function bindWords({ mounts, volumes = [] }: MountOptions): readonly string[] {
  const binds = mounts.map(({ source, destination, readOnly, propagation }) =>
    bindWord(source, destination, [readOnly ? "ro" : "", propagation ?? ""]),
  );
  const named = volumes.map(({ name = "", destination, readOnly, copies }) =>
    bindWord(name, destination, [readOnly ? "ro" : "", copies ? "" : "nocopy"]),
  );
  return [...binds, ...named];
}

function bindWord(source: string, destination: string, words: readonly string[]): string {
  const options = words.filter((word) => word !== "");
  const end = options.length === 0 ? "" : `:${options.join(",")}`;
  return `${source}:${destination}${end}`;
}

/** Options by their targets. */
export function tmpfsReport({ tmpfs }: MountOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tmpfs.map((text) => {
      const { destination, options } = tmpfsParts(text);
      return [destination, options];
    }),
  );
}

function tmpfsParts(text: string): { readonly destination: string; readonly options: string } {
  const [destination = "", options = ""] = text.split(":", 2);
  return { destination, options };
}
