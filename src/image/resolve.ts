// From an image reference to what a container needs of it: the directories of its layers and its
// configuration. An image that is unpacked already costs two small reads; see record.ts.

/** `config` of an image's configuration (image-spec config.md), as far as running it needs. */
export interface ImageRunConfig {
  readonly User?: string | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly WorkingDir?: string | undefined;
  readonly StopSignal?: string | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
}

export interface ResolvedImage {
  /** Directories for overlayfs, topmost first. Never written to. */
  readonly lower: readonly string[];
  readonly config: ImageRunConfig;
  /** Of the image manifest. */
  readonly digest: string;
  /** What unpacking could not keep (owners when rootless, say), one sentence each; for a warning. */
  readonly notes: readonly string[];
}

export interface ResolveOptions {
  /** Default: defaultStoreRoot() of src/store/root.ts. */
  readonly storeRoot?: string;
  /** "linux/arm64/v8"; default: this machine's. */
  readonly platform?: string;
  readonly onProgress?: (event: UnpackEvent) => void;
}

export type UnpackEvent =
  | { readonly kind: "waiting"; readonly layer: string }
  | {
      readonly kind: "unpacking";
      readonly layer: string;
      readonly bytes: number;
      readonly of: number;
    }
  | { readonly kind: "unpacked"; readonly layer: string };

/** `oci:LAYOUT`, `oci:LAYOUT:TAG` or `oci:LAYOUT@DIGEST`. */
export declare function resolveImage(
  reference: string,
  options?: ResolveOptions,
): Promise<ResolvedImage>;
