// The documents of an image: index, manifest, configuration, and the file that marks an image layout.
// Sources: image-spec 1.1 image-index.md, manifest.md, config.md, image-layout.md. Docker's documents
// are the same but for their media types.

import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";

export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  /** The base layer first. */
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The configuration's own document; `config` is what a container takes from it. */
export interface Image {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly config?: ImageConfig;
  readonly rootfs: RootFs;
  readonly history?: readonly HistoryEntry[];
}

export interface RootFs {
  readonly type: "layers";
  /** Of the uncompressed layers, the base layer first. */
  readonly diff_ids: readonly Digest[];
}

export interface ImageConfig {
  /** A name or id, or both with a colon between them: user, uid, user:group, uid:gid. */
  readonly User?: string;
  /** Keys: "80/tcp". */
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** Keys: directories. */
  readonly Volumes?: Readonly<Record<string, unknown>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  /** "SIGTERM", "SIGRTMIN+3", "15". */
  readonly StopSignal?: string;
  /** Docker's. */
  readonly Healthcheck?: Healthcheck;
  /** Docker's: what runs a shell form. */
  readonly Shell?: readonly string[];
}

/** Durations are nanoseconds; 0: the default. */
export interface Healthcheck {
  /** [], ["NONE"], ["CMD", ...] or ["CMD-SHELL", command]. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  /** This step made no layer. */
  readonly empty_layer?: boolean;
}

/** The file `oci-layout`. */
export interface ImageLayout {
  readonly imageLayoutVersion: string;
}
