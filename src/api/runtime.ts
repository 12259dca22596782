// The runtime as a library: `import { create, start } from "ocicat/runtime"`. The OCI command line is
// made of the same functions. examples/embed.ts is a program that uses it.
//
// A container is named by {stateRoot, id} and lives as long as nobody deletes it, whatever becomes of
// the program that made it. Functions without a promise take a few milliseconds at most; `run`, `exec`
// and `watchEvents` keep the calling thread until the container's process has ended. Every failure is
// an OcicatError.

export type { ContainerStats } from "../cgroup/stats-types.ts";
export {
  type ErrorCode,
  type Fault,
  OcicatError,
} from "../error/ocicat-error.ts";
export { defaultSpec } from "../oci/default-spec.ts";
export { encodeDocument } from "../oci/encode.ts";
export type { Features } from "../oci/features.ts";
export { decodeProcess, decodeResources, decodeRuntimeConfig } from "../oci/parse/config.ts";
export type { Process } from "../oci/process.ts";
export type { Resources } from "../oci/resources.ts";
export type { Spec } from "../oci/spec.ts";
export { listProgram } from "../program/listing.ts";
export { create } from "../runtime/create.ts";
export type { CreateOptions } from "../runtime/create-options.ts";
export { type ContainerAddress, deleteContainer } from "../runtime/delete.ts";
export { type ContainerEvent, statsOf, watchEvents } from "../runtime/events.ts";
export { type ExecOptions, exec, execDetached } from "../runtime/exec.ts";
export { explainCreate } from "../runtime/explain.ts";
export { features } from "../runtime/features.ts";
export { kill } from "../runtime/kill.ts";
export { type ListedContainer, listContainers } from "../runtime/list.ts";
export { pauseContainer } from "../runtime/pause.ts";
export { processesOf } from "../runtime/ps.ts";
export { type ContainerReport, queryState } from "../runtime/query-state.ts";
export { resumeContainer } from "../runtime/resume.ts";
export { type RunOptions, run, runDetached } from "../runtime/run.ts";
export { start } from "../runtime/start.ts";
export type { ContainerState } from "../runtime/state-directory.ts";
export { defaultStateRoot } from "../runtime/state-root.ts";
export { update } from "../runtime/update.ts";
export { waitUntilStopped } from "../runtime/wait.ts";
export { type ExitStatus, exitCodeOf, setChildSubreaper, waitForPid } from "../sys/process.ts";
