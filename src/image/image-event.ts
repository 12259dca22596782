// What happens while images come, go and are made runnable, for whoever draws it. The operations
// report; only front ends draw.

export type ImageEvent =
  /** A name led to content. */
  | { readonly kind: "resolved"; readonly name: string; readonly digest: string }
  | LayerEvent
  /** Something did not go well and is tried again. */
  | {
      readonly kind: "retry";
      /** What is tried: "blob sha256:...", "manifest 1.2". */
      readonly subject: string;
      readonly reason: string;
      readonly waitMs: number;
    }
  /** What the user should know though nothing failed: one sentence. */
  | { readonly kind: "note"; readonly text: string };

/** The state of one blob: any number of events, the last one with a phase that ends it. */
export interface LayerEvent {
  readonly kind: "layer";
  readonly digest: string;
  readonly phase: LayerPhase;
  /** Done of this phase and in all, in bytes of the blob; both 0 where that is not known. */
  readonly bytes: number;
  readonly of: number;
}

export type LayerPhase =
  /** Its turn has not come, or another process works on it. */
  | "waiting"
  | "downloading"
  | "uploading"
  | "unpacking"
  /** To an archive. */
  | "saving"
  /** To another compression. */
  | "compressing"
  /** These end it. */
  | "exists"
  | "mounted-from"
  | "done";
