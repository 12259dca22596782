// The engine as a library: `import { runContainer } from "ocicat/engine"`. `ocicat run` is made of it.

export { type RunEnd, runContainer } from "../engine/run.ts";
export type {
  RunContainerOptions,
  RunLimits,
  RunMount,
  RunSource,
} from "../engine/run-options.ts";
export { type ErrorCode, type Fault, OcicatError } from "../error/ocicat-error.ts";
