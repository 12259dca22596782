// The runtime as a library: `import { create, start } from "ocicat/runtime"`. The OCI command line is
// made of the same functions. examples/embed.ts is a program that uses it.
//
// A container is named by {stateRoot, id} and lives as long as nobody deletes it, whatever becomes of
// the program that made it. Functions without a promise take a few milliseconds at most; `run`, `exec`
// and `watchEvents` keep the calling thread until the container's process has ended. Every failure is
// an OcicatError.

export { encodeStats } from "../cgroup/stats.ts";
export type { ContainerStats } from "../cgroup/stats-types.ts";
export {
  type ErrorCode,
  type Fault,
  OcicatError,
} from "../error/ocicat-error.ts";
export { defaultSpec } from "../oci/default-spec.ts";
export { encodeDocument } from "../oci/encode.ts";
export type { Features } from "../oci/features.ts";
export type { Hook, Hooks } from "../oci/hooks.ts";
export type { IntelRdt, Linux } from "../oci/linux.ts";
export type { Mount } from "../oci/mount.ts";
export { decodeProcess, decodeResources, decodeRuntimeConfig } from "../oci/parse/config.ts";
export type { Capabilities, ConsoleSize, Process, User } from "../oci/process.ts";
export type { Resources } from "../oci/resources.ts";
export type { Spec } from "../oci/spec.ts";
export { type ListedOperation, listOperations, listProgram } from "../program/listing.ts";
export type { Program } from "../program/program.ts";
export { Attendance, ownTerminalSize } from "../runtime/attend.ts";
export { create } from "../runtime/create.ts";
export type { CreateOptions } from "../runtime/create-options.ts";
export { type ContainerAddress, type DeleteOptions, deleteContainer } from "../runtime/delete.ts";
export {
  type ContainerEvent,
  statsOf,
  type WatchOptions,
  watchEvents,
} from "../runtime/events.ts";
export {
  type AttendedExecOptions,
  type ExecOptions,
  type ExecutedProcess,
  exec,
  execDetached,
} from "../runtime/exec.ts";
export { type ExplainedContainer, explainCreate } from "../runtime/explain.ts";
export { features } from "../runtime/features.ts";
export { type KillOptions, kill } from "../runtime/kill.ts";
export { type ListedContainer, listContainers } from "../runtime/list.ts";
export { pauseContainer } from "../runtime/pause.ts";
export { processesOf } from "../runtime/ps.ts";
export { type ContainerReport, queryState } from "../runtime/query-state.ts";
export { resumeContainer } from "../runtime/resume.ts";
export { type Notified, type RunOptions, run, runDetached } from "../runtime/run.ts";
export { readServiceManager, type ServiceManager } from "../runtime/service-protocols.ts";
export { type StartOptions, start } from "../runtime/start.ts";
export type { ContainerState } from "../runtime/state-directory.ts";
export { defaultStateRoot } from "../runtime/state-root.ts";
export type { SubCgroup } from "../runtime/sub-cgroup.ts";
export { type UpdateOptions, update } from "../runtime/update.ts";
export { waitUntilStopped } from "../runtime/wait.ts";
export { type ExitStatus, exitCodeOf, setChildSubreaper, waitForPid } from "../sys/process.ts";
