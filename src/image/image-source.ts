// Where an image comes from: a registry, an OCI layout, an archive. What a source hands out is a claim:
// whoever takes it checks sizes and digests.

import type { Descriptor } from "../oci/descriptor.ts";

export interface ImageSource {
  /** For messages: "docker.io/library/debian", "the archive app.tar". */
  readonly description: string;
  /** A manifest, an index or a configuration: as a whole, at most `descriptor.size` bytes. */
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /**
   * The bytes of a blob from `offset` on, in chunks that the caller may keep. Ends when the source has
   * no more; throws OcicatError when it can't go on. A source retries what is worth it by itself.
   */
  blob(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * What `blob` gave had another digest. True: another try may go better, it is asked for elsewhere or
   * once more. Absent: the source has nothing else to give.
   */
  wasWrong?(descriptor: Descriptor): boolean;
  /** A file on this machine that is said to be the blob; see IngestRequest.localPath. */
  localPath?(descriptor: Descriptor): string | undefined;
}
