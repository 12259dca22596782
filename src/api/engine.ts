// The engine as a library: `import { engine } from "ocicat"`, or `import { runContainer } from
// "ocicat/engine"`. `ocicat run`, `ocicat pull` and the other commands are made of it.
//
// Operations on containers find one by its name, its id or the beginning of its id. Those on images take
// {storeRoot}, and the settings for what they are not told; they report what happens to `onEvent` and end
// when `signal` is aborted. All fail with an OcicatError.

export {
  CONDITIONS,
  type Condition,
  waitForCondition,
} from "../engine/containers/await-condition.ts";
export {
  type AttachedEnd,
  type AttachOptions,
  attachToContainer,
  startAttached,
  waitForContainer,
} from "../engine/containers/await-exit.ts";
export {
  type CloneContainerOptions,
  cloneContainer,
} from "../engine/containers/clone-container.ts";
export {
  type CommitContainerOptions,
  commitContainer,
} from "../engine/containers/commit-container.ts";
export {
  type LogOptions,
  readContainerLog,
  readContainerLogs,
} from "../engine/containers/container-log.ts";
export {
  containersToBoot,
  killContainer,
  pauseByName,
  type RemoveOptions as RemoveContainerOptions,
  removeContainer,
  renameContainer,
  type StartOptions,
  type StopOptions,
  startByName,
  stopContainer,
  unpauseByName,
} from "../engine/containers/container-operations.ts";
export { containerProcesses } from "../engine/containers/container-processes.ts";
export type { ContainerReport } from "../engine/containers/container-report.ts";
export { containerSizes } from "../engine/containers/container-sizes.ts";
export {
  type ContainerUsage,
  type Usage,
  type UsageOptions,
  watchUsage,
} from "../engine/containers/container-usage.ts";
export {
  type CopyOptions,
  type CopyPlace,
  copyFiles,
  copyIn,
  copyOut,
} from "../engine/containers/copy-files.ts";
export { diffContainer } from "../engine/containers/diff-container.ts";
export {
  type ExecContainerOptions,
  execDetached,
  execInContainer,
} from "../engine/containers/exec-in-container.ts";
export {
  connectToExec,
  createExec,
  inspectExec,
  listExecs,
  resizeExec,
  signalExec,
  startExec,
  waitForExec,
} from "../engine/containers/exec-operations.ts";
export type { ExecReport } from "../engine/containers/exec-report.ts";
export { exportContainer } from "../engine/containers/export-container.ts";
export {
  type InspectContainerOptions,
  inspectContainer,
} from "../engine/containers/inspect-container.ts";
export {
  type ListContainersOptions,
  type ListedContainer,
  listContainers,
} from "../engine/containers/list-containers.ts";
export { type ProcessDetails, processDetails } from "../engine/containers/process-details.ts";
export {
  type PruneContainersOptions,
  type PrunedContainers,
  pruneContainers,
} from "../engine/containers/prune-containers.ts";
export { type PublishedPort, publishedPorts } from "../engine/containers/published-ports.ts";
export { restartContainer } from "../engine/containers/restart-container.ts";
export { parseRestartPolicy, type RestartPolicy } from "../engine/containers/restart-policy.ts";
export { endForShutdown } from "../engine/containers/shutdown-containers.ts";
export { type StartTrace, type TracedPhase, traceStart } from "../engine/containers/trace-start.ts";
export {
  type UpdateContainerOptions,
  updateContainer,
} from "../engine/containers/update-container.ts";
export type { EventType, RecordedEvent } from "../engine/events/event-line.ts";
export { type EventsOptions, events } from "../engine/events/events.ts";
export { type Explanation, explainBundle } from "../engine/explain.ts";
export {
  type CheckedHealth,
  type CheckOptions as CheckHealthOptions,
  checkHealth,
} from "../engine/health/check-health.ts";
export type { ProbeKind, RunHealth } from "../engine/health/health-check.ts";
export { type ConvertStoredOptions, convertStoredImage } from "../engine/images/convert-image.ts";
export { type CopyImageOptions, copyBetweenRegistries } from "../engine/images/copy-image.ts";
export {
  type ExportFilesOptions,
  exportImageFiles,
  type ImportImageOptions,
  importImage,
  type LoadOptions,
  loadImages,
  type SaveImagesOptions,
  saveImages,
} from "../engine/images/image-archives.ts";
export {
  type HistoryOptions,
  type HistoryStep,
  imageHistory,
} from "../engine/images/image-history.ts";
export type { ImageOptions } from "../engine/images/image-session.ts";
export {
  type ImageReport,
  type InspectOptions,
  inspectImage,
  type StorageReport,
} from "../engine/images/inspect-image.ts";
export {
  type InspectedManifest,
  type InspectManifestOptions,
  inspectManifest,
  inspectReferrers,
} from "../engine/images/inspect-manifest.ts";
export { type ListedImage, type ListOptions, listImages } from "../engine/images/list-images.ts";
export {
  addToManifestList,
  annotateManifestList,
  type CreateListOptions,
  createManifestList,
  type EntryNotes,
  findManifestList,
  type ManifestList,
  removeFromManifestList,
  removeManifestLists,
} from "../engine/images/manifest-lists.ts";
export { type Pruned, type PruneOptions, pruneImages } from "../engine/images/prune-images.ts";
export { type PullImagesOptions, pullImages } from "../engine/images/pull-images.ts";
export { type PushImagesOptions, pushImages } from "../engine/images/push-images.ts";
export { type PushListOptions, pushManifestList } from "../engine/images/push-manifest-list.ts";
export {
  listRegistryTags,
  listRepositories,
  removeFromRegistry,
} from "../engine/images/registry-content.ts";
export {
  type LoginOptions,
  type LogoutOptions,
  loggedInAs,
  loginToRegistry,
  logoutOfAll,
  logoutOfRegistry,
} from "../engine/images/registry-login.ts";
export {
  type Removal,
  type RemovedImage,
  type RemoveOptions,
  removeImages,
} from "../engine/images/remove-images.ts";
export { tagImage, untagImage } from "../engine/images/tag-image.ts";
export type {
  RegistryAccess,
  TransferOptions,
  WorkOptions,
} from "../engine/images/transfer-options.ts";
export { type DownKubeOptions, downKube, type Removed } from "../engine/kube/down-kube.ts";
export { generateKube } from "../engine/kube/generate-kube.ts";
export {
  type Played,
  type PlayedPod,
  type PlayKubeOptions,
  playKube,
} from "../engine/kube/play-kube.ts";
export { plainOptions, type Source } from "../engine/plain-options.ts";
export { type CreatePodOptions, createPod } from "../engine/pods/create-pod.ts";
export {
  inspectPod,
  type ListedPod,
  type ListPodsOptions,
  listPods,
} from "../engine/pods/list-pods.ts";
export {
  type KillPodOptions,
  killPod,
  pausePod,
  prunePods,
  type RemovePodOptions,
  removePod,
  restartPod,
  startPod,
  stopPod,
  unpausePod,
} from "../engine/pods/pod-operations.ts";
export type { PodState } from "../engine/pods/pod-status.ts";
export { createOnly, type RunEnd, runContainer } from "../engine/run.ts";
export type { RunLimits } from "../engine/run-limits.ts";
export type { RunContainerOptions, RunMount, RunSource } from "../engine/run-options.ts";
export {
  createSecret,
  type InspectSecretOptions,
  inspectSecret,
  listSecrets,
  removeSecret,
} from "../engine/secrets/secret-operations.ts";
export type { NewSecret, Secret } from "../engine/secrets/secret-store.ts";
export {
  type CheckSystemOptions,
  checkSystem,
  type Finding,
} from "../engine/system/check-system.ts";
export { describeSystem, type SystemDescription } from "../engine/system/describe-system.ts";
export { type Check, type CheckStatus, examineHost } from "../engine/system/doctor.ts";
export {
  type ConfigurationPath,
  listConfigurationPaths,
  listSettings,
  type SettingReport,
} from "../engine/system/list-settings.ts";
export { measureSystem, type SystemUsage } from "../engine/system/measure-system.ts";
export {
  pruneSystem,
  type SystemPruned,
  type SystemPruneOptions,
} from "../engine/system/prune-system.ts";
export { resetSystem } from "../engine/system/reset-system.ts";
export {
  type CreateVolumeOptions,
  createVolume,
  exportVolume,
  importVolume,
  inspectVolume,
  type ListedVolume,
  listVolumes,
  type PruneVolumesOptions,
  pruneVolumes,
  removeVolume,
} from "../engine/volumes/volume-operations.ts";
export { type ErrorCode, type Fault, OcicatError } from "../error/ocicat-error.ts";
export type { ArchiveInput } from "../image/formats/archive-input.ts";
export type { ArchiveOutput } from "../image/formats/archive-output.ts";
export type { LoadedImage } from "../image/formats/load-archive.ts";
export type { SaveFormat } from "../image/formats/save-plan.ts";
export type { ImageEvent, LayerEvent, LayerPhase } from "../image/image-event.ts";
export type { PullResult } from "../image/transfer/pull-image.ts";
export type { PushResult } from "../image/transfer/push-image.ts";
