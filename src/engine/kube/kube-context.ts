// What a pod of a document is compiled with.

export interface KubeContext {
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  /** The names of stored secrets, by the names and keys of Secrets. */
  readonly secrets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly nodeName: string;
  /** Whether files can be given to groups. */
  readonly isRoot: boolean;
  readonly machine: { readonly cpus: number; readonly memoryBytes: number };
  /** metadata.uid of a pod: no two pods have the same one. */
  uidOf(pod: string): string;
  /** The text of a file of the host. */
  readFile(path: string): string;
  fault(place: string, reason: string): void;
  warn(text: string): void;
}
