// What native/quick.c gives the quick program, and what it asks of it.

import type { NativeEntry } from "../sys/native-entry.ts";

export interface Native extends NativeEntry {
  /**
   * Writes UTF-8 to `at`, with an end a NUL behind it, and returns how many bytes; -1: there is not the room, or
   * before the end there is a NUL.
   */
  encode(text: string, into: Uint8Array, at?: number, withEnd?: 0 | 1): number;
  decode(bytes: Uint8Array): string;
  /** `digest`: 32 bytes. */
  sha256(content: Uint8Array, digest: Uint8Array): void;
  /** As process.arch has it. */
  readonly architecture: "x64" | "arm64";
  /** These are there when a command begins. */
  readonly words: readonly string[];
  readonly environment: readonly string[];
  /** Addresses of main's own, for an execve of the same. */
  readonly argumentsAt: number;
  readonly environmentAt: number;
  /** Of the program itself. */
  readonly path: string;

  /** And these are set by TypeScript: the command, */
  begin: () => Promise<void>;
  /** what takes over from it, */
  fallBack: (wanted: string) => never;
  /** what calls back whenever `fd` is ready, until what it returns is called. */
  watch: (fd: number, events: number, callback: () => void) => () => void;
  /** and what waits for something to happen, and lets it; false when nothing can. */
  goOn: () => boolean;
}

declare global {
  var native: Native;
}
