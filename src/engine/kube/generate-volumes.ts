// The volumes of a generated pod: each is there once, however many containers mount it. No I/O.

import type { ContainerRecord } from "../containers/container-record.ts";
import type { Document, GenerateContext } from "./generate-container.ts";
import type { GeneratedOwnVolume } from "./generate-own-volumes.ts";

interface MountNeed {
  /** What tells whether two mounts are of the same volume. */
  readonly identity: string;
  readonly name: string;
  /** It has this very name, which no other has; absent: a number follows. */
  readonly isNamed?: boolean;
  readonly source: Document;
  readonly mount: Document;
}

export class GeneratedVolumes {
  readonly #own: ReadonlyMap<string, GeneratedOwnVolume>;
  readonly #found = new Map<string, Document & { readonly name: string }>();

  /** `own`: those that are the pod's alone, by their names in the store. */
  constructor(own: ReadonlyMap<string, GeneratedOwnVolume>) {
    this.#own = own;
  }

  get documents(): readonly Document[] {
    return [...this.#found.values()];
  }

  /** The ConfigMaps of those that are mounted. */
  get maps(): readonly Document[] {
    const mounted = [...this.#own].filter(([name]) => this.#found.has(claimIdentity(name)));
    return mounted.flatMap(([, { map }]) => (map === undefined ? [] : [map]));
  }

  /** Whether this group is the one that the pod's own volumes were made for. */
  areOfGroup(gid: number): boolean {
    return [...this.#own.values()].some((volume) => volume.gid === gid);
  }

  /** The volumeMounts of a container. */
  mountsOf(options: ContainerRecord["options"], context: GenerateContext): readonly Document[] {
    const needs = [
      ...storeVolumes(options, this.#own),
      ...binds(options),
      ...memory(options),
      ...podMemory(options),
    ];
    return [...needs, ...secretFiles(options, context)].map((need) => ({
      ...need.mount,
      name: this.#nameOf(need),
    }));
  }

  #nameOf({ identity, name, isNamed = false, source }: MountNeed): string {
    const known = this.#found.get(identity);
    if (known !== undefined) {
      return known.name;
    }
    const unique = isNamed ? name : this.#freeName(name, this.#found.size);
    this.#found.set(identity, { name: unique, ...source });
    return unique;
  }

  #freeName(begin: string, number: number): string {
    const name = `${begin}-${number}`;
    const isTaken = [...this.#own.values()].some((volume) => volume.name === name);
    return isTaken ? this.#freeName(begin, number + 1) : name;
  }
}

function readOnlyPart(readOnly: boolean): Document {
  return readOnly ? { readOnly: true } : {};
}

function subPathPart(subPath: string | undefined): Document {
  return subPath === undefined ? {} : { subPath };
}

function claimIdentity(volume: string): string {
  return `claim ${volume}`;
}

function storeVolumes(
  { volumes = [] }: ContainerRecord["options"],
  own: ReadonlyMap<string, GeneratedOwnVolume>,
): readonly MountNeed[] {
  return volumes.map(({ name: claimName = "", destination, readOnly, subpath }) => {
    const ownVolume = own.get(claimName);
    const claim = { name: "claim", source: { persistentVolumeClaim: { claimName } } };
    const { name, source } = ownVolume ?? claim;
    return {
      identity: claimIdentity(claimName),
      name,
      isNamed: ownVolume !== undefined,
      source,
      mount: { mountPath: destination, ...subPathPart(subpath), ...readOnlyPart(readOnly) },
    };
  });
}

function binds({ mounts }: ContainerRecord["options"]): readonly MountNeed[] {
  return mounts.map(({ source: path, destination, readOnly, subpath }) => ({
    identity: `host ${path}`,
    name: "host",
    source: { hostPath: { path } },
    mount: { mountPath: destination, ...subPathPart(subpath), ...readOnlyPart(readOnly) },
  }));
}

/** Each is a container's own. */
function memory({ tmpfs }: ContainerRecord["options"]): readonly MountNeed[] {
  return tmpfs.map((text) => {
    const [destination = "", options = ""] = text.split(":", 2);
    const size = /(?:^|,)size=(\d+)(?:,|$)/.exec(options)?.[1];
    const limit = size === undefined ? {} : { sizeLimit: size };
    return {
      identity: `memory ${crypto.randomUUID()}`,
      name: "memory",
      source: { emptyDir: { medium: "Memory", ...limit } },
      mount: { mountPath: destination, ...readOnlyPart(options.split(",").includes("ro")) },
    };
  });
}

/** Of the pod: containers that name the same one share it. */
function podMemory({ podMemory: shared = [] }: ContainerRecord["options"]): readonly MountNeed[] {
  return shared.map(({ name, size, destination, readOnly }) => ({
    identity: `pod memory ${name}`,
    name: "memory",
    source: {
      emptyDir: { medium: "Memory", ...(size === undefined ? {} : { sizeLimit: String(size) }) },
    },
    mount: { mountPath: destination, ...readOnlyPart(readOnly) },
  }));
}

function secretFiles(
  { secrets = [] }: ContainerRecord["options"],
  context: GenerateContext,
): readonly MountNeed[] {
  return secrets.flatMap((secret): readonly MountNeed[] => {
    const found = context.secretKey(secret.name);
    if (found === undefined) {
      context.warn(`secret ${secret.name} is left out: it is no key of a Secret`);
      return [];
    }
    return secret.kind !== "mount"
      ? []
      : [
          {
            identity: `secret ${found.object} ${secret.mode}`,
            name: "secret",
            source: { secret: { secretName: found.object, defaultMode: secret.mode } },
            mount: { mountPath: secret.target, subPath: found.key, readOnly: true },
          },
        ];
  });
}
