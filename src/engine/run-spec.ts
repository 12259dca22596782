// The runtime configuration of a container that `ocicat run` makes: the defaults that users of the
// peers know, and what they ask for on top.

import { defaultSpec } from "../oci/default-spec.ts";
import type { Linux } from "../oci/linux.ts";
import type { IdMapping, Mount } from "../oci/mount.ts";
import type { Process } from "../oci/process.ts";
import type { Resources } from "../oci/resources.ts";
import type { Spec } from "../oci/spec.ts";
import type { ImageProcess } from "./image-process.ts";
import type { RunContainerOptions, RunLimits } from "./run-options.ts";
import { DEFAULT_SECURITY, runCapabilities, runSeccomp } from "./security.ts";

const CPU_PERIOD_US = 100_000;

export interface RunSpecRequest {
  readonly options: RunContainerOptions;
  readonly process: ImageProcess;
  readonly hostname: string;
  /** Absent: wherever the runtime may make one. */
  readonly cgroupsPath: string | undefined;
  /** For a container that root does not make; absent: no user namespace. */
  readonly idMaps: IdMaps | undefined;
  /** Files of the host that the container shows in the same place, read-only. */
  readonly hostFiles: readonly string[];
  readonly consoleSize: { readonly height: number; readonly width: number } | undefined;
}

export interface IdMaps {
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
}

export function runSpec(request: RunSpecRequest): Spec {
  const { options, hostname } = request;
  const base = defaultSpec({ cgroupNamespace: true });
  return {
    ociVersion: base.ociVersion,
    process: specProcess(request),
    root: { path: "rootfs", readonly: options.readOnly },
    hostname,
    mounts: [...specMounts(base), ...userMounts(request)],
    linux: specLinux(base, request),
  };
}

function specProcess({ options, process, consoleSize, idMaps }: RunSpecRequest): Process {
  const { security = DEFAULT_SECURITY } = options;
  const names = runCapabilities(security);
  const bounded = { bounding: names, effective: names, permitted: names };
  const isRoot = process.user.uid === 0;
  return {
    terminal: options.terminal,
    ...(consoleSize === undefined ? {} : { consoleSize }),
    user:
      idMaps?.gid.length === 1 ? { uid: process.user.uid, gid: process.user.gid } : process.user,
    args: process.args,
    env: process.env,
    cwd: process.cwd,
    capabilities: isRoot ? bounded : { bounding: names },
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
  };
}

/** procfs with the attributes that the peers give it. */
function specMounts(base: Spec): Mount[] {
  return (base.mounts ?? []).map((mount) =>
    mount.type === "proc" ? { ...mount, options: ["nosuid", "noexec", "nodev"] } : mount,
  );
}

function userMounts({ options, hostFiles }: RunSpecRequest): Mount[] {
  const binds = options.mounts.map(
    ({ source, destination, readOnly }): Mount => ({
      destination,
      type: "bind",
      source,
      options: ["rbind", "rprivate", ...(readOnly ? ["ro"] : [])],
    }),
  );
  const tmpfs = options.tmpfs.map((text): Mount => {
    const [destination = "", data] = text.split(":", 2);
    const asked = data === undefined ? [] : data.split(",");
    return {
      destination,
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev", "noexec", ...asked],
    };
  });
  const names = hostFiles.map(
    (path): Mount => ({
      destination: path,
      type: "bind",
      source: path,
      options: ["bind", "rprivate", "ro"],
    }),
  );
  return [...names, ...binds, ...tmpfs];
}

function specLinux(base: Spec, request: RunSpecRequest): Linux {
  const { options, idMaps, cgroupsPath } = request;
  const namespaces = (base.linux?.namespaces ?? []).filter(
    ({ type }) => type !== "network" || options.network === "none",
  );
  const { security = DEFAULT_SECURITY } = options;
  const seccomp = runSeccomp(security, runCapabilities(security));
  return {
    ...base.linux,
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(idMaps === undefined ? {} : { uidMappings: idMaps.uid, gidMappings: idMaps.gid }),
    namespaces: idMaps === undefined ? namespaces : [...namespaces, { type: "user" }],
    ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
    resources: specResources(base, options.limits),
  };
}

function specResources(base: Spec, limits: RunLimits): Resources {
  const { memory, cpus, pids } = limits;
  return {
    ...base.linux?.resources,
    ...(memory === undefined ? {} : { memory: { limit: memory } }),
    ...(cpus === undefined
      ? {}
      : { cpu: { period: CPU_PERIOD_US, quota: Math.round(cpus * CPU_PERIOD_US) } }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
  };
}
