// What a pod of a document is compiled with.

export interface KubeContext {
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  /** The names of stored secrets, by the names and keys of Secrets. */
  readonly secrets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly storeRoot: string;
  readonly nodeName: string;
  /** The text of a file of the host. */
  readFile(path: string): string;
  fault(place: string, reason: string): void;
  warn(text: string): void;
}
