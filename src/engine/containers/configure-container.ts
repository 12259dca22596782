// The runtime configuration of a container that starts: from what it was created with, its image and
// what the host has at this moment.

import { detectCgroupHost } from "../../cgroup/detect.ts";
import { readAccounts } from "../../image/accounts.ts";
import type { Spec } from "../../oci/spec.ts";
import { terminalSize } from "../../sys/terminal.ts";
import { checkUser, containerIdMaps } from "../id-maps.ts";
import { type ImageProcess, imageProcess } from "../image-process.ts";
import { podCgroupPath, podHostname } from "../pods/pod-record.ts";
import { allDevices, findDevices } from "../run-devices.ts";
import { hostsName, nameMounts } from "../run-names.ts";
import { type JoinedNamespaces, namespaceMode, runNamespaces } from "../run-namespaces.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { RunSourceFiles } from "../run-source.ts";
import { runSpec } from "../run-spec.ts";
import type { StartRequest } from "./start-container.ts";

export function configureContainer(
  source: RunSourceFiles,
  joined: JoinedNamespaces,
  request: StartRequest,
): Spec {
  const { options, surroundings } = request;
  const idMaps = containerIdMaps(options, request.idMaps);
  const id = request.container.record.id;
  const place = { fd: request.container.folder.fd, path: request.container.folder.path };
  const { security, devices = [] } = options;
  const hasHostsName = namespaceMode(options, "uts") !== "private";
  const isPause = options.source.kind === "pause";
  const ownName = isPause ? podHostname(request.container.record) : id.slice(0, 12);
  const hostname = options.hostname ?? (hasHostsName ? (hostsName() ?? "") : ownName);
  const size = options.terminal ? terminalSize(0) : undefined;
  const process = processOf(source, request, hostname);
  checkUser(process.user, idMaps, { areChosen: options.users !== undefined });
  const containersFolder = `${surroundings.storeRoot}/containers`;
  return runSpec({
    options,
    process,
    hostname: hasHostsName ? undefined : hostname,
    namespaces: runNamespaces(options, joined, idMaps !== undefined),
    devices: [...(security?.privileged === true ? allDevices() : []), ...findDevices(devices)],
    cgroupsPath: cgroupsPath(id, inPodCgroup(id, options), request.idMaps !== undefined),
    idMaps,
    storeRoot: surroundings.storeRoot,
    startedMounts: request.parts?.mounts ?? [],
    nameFiles: nameMounts({ options, folder: place, hostname, containersFolder }),
    appArmorProfile: request.parts?.appArmorProfile,
    consoleSize: size === undefined ? undefined : { height: size.rows, width: size.columns },
  });
}

function processOf(
  { config, files }: RunSourceFiles,
  { options, parts }: StartRequest,
  hostname: string,
): ImageProcess {
  const { command, entrypoint, env, workdir, user, groups = [], terminal } = options;
  const request = {
    command,
    ...(entrypoint === undefined ? {} : { entrypoint }),
    env: [...env, ...(parts?.env ?? [])],
    mergedEnv: options.mergedEnv ?? [],
    clearsEnv: options.clearsEnv === true,
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    additionalGroups: groups,
    terminal,
    hostname,
  };
  return imageProcess(config, request, parts?.accounts ?? readAccounts(files));
}

/** The process of a pod is in the pod's cgroup, beside the containers. */
function inPodCgroup(id: string, options: RunContainerOptions): RunContainerOptions {
  if (options.source.kind !== "pause") {
    return options;
  }
  const cgroupParent = podCgroupPath(id, options);
  return cgroupParent === undefined ? options : { ...options, cgroupParent };
}

/** A user has no place of their own at the top: the container gets one beside the caller, or none. */
export function cgroupsPath(
  id: string,
  { systemdCgroup, cgroupParent = "" }: Pick<RunContainerOptions, "systemdCgroup" | "cgroupParent">,
  isRootless: boolean,
): string | undefined {
  if (systemdCgroup) {
    return `${cgroupParent}:ocicat:${id}`;
  }
  const parent = cgroupParent.replace(/^\/+|\/+$/g, "");
  if (parent !== "") {
    return `/${parent}/ocicat-${id}`;
  }
  return isRootless ? undefined : `${usualParent()}/ocicat-${id}`;
}

/**
 * Whenever it starts a unit, systemd takes the controllers that no unit needs from all cgroups at the top of the
 * v2 tree, and their limits with them; but not from one that has given them to others below it.
 */
function usualParent(): string {
  return detectCgroupHost().layout === "v2" ? "/ocicat" : "";
}
