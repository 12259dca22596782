// The runtime configuration of a container that `ocicat run` makes: the defaults that users of the
// peers know, and what they ask for on top.

import { defaultSpec } from "../oci/default-spec.ts";
import type { Linux, Namespace } from "../oci/linux.ts";
import type { IdMapping, Mount } from "../oci/mount.ts";
import type { Process } from "../oci/process.ts";
import type { Resources } from "../oci/resources.ts";
import type { Spec } from "../oci/spec.ts";
import { KEEP_GROUPS_ANNOTATION } from "../plan/additional-groups.ts";
import type { ImageProcess } from "./image-process.ts";
import { deviceMounts, deviceRules, type FoundDevice } from "./run-devices.ts";
import { initMount, withInit } from "./run-init.ts";
import { limitResources, runRlimits } from "./run-limits.ts";
import { askedMounts, systemMounts } from "./run-mounts.ts";
import type { RunContainerOptions } from "./run-options.ts";
import { DEFAULT_SECURITY, runCapabilities, runProtection, runSeccomp } from "./security.ts";

export interface RunSpecRequest {
  readonly options: RunContainerOptions;
  readonly process: ImageProcess;
  /** Undefined: another's UTS namespace has its own. */
  readonly hostname: string | undefined;
  readonly namespaces: readonly Namespace[];
  readonly devices: readonly FoundDevice[];
  /** Absent: wherever the runtime may make one. */
  readonly cgroupsPath: string | undefined;
  /** Of its user namespace; absent: none. */
  readonly idMaps: IdMaps | undefined;
  /** A profile that is loaded. */
  readonly appArmorProfile: string | undefined;
  /** Files that tell the names of hosts. */
  readonly nameFiles: readonly Mount[];
  /** Made anew each time it starts. */
  readonly startedMounts: readonly Mount[];
  /** Where volumes are. */
  readonly storeRoot: string;
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
    ...(hostname === undefined ? {} : { hostname }),
    ...(options.domainName === undefined ? {} : { domainname: options.domainName }),
    mounts: [
      ...systemMounts(base.mounts ?? [], request),
      ...(request.idMaps === undefined ? [] : deviceMounts(request.devices)),
      ...askedMounts(request),
      ...(options.init === undefined ? [] : [initMount(options.init)]),
    ],
    ...specAnnotations(options),
    linux: specLinux(base, request),
  };
}

function specAnnotations(options: RunContainerOptions): Pick<Spec, "annotations"> {
  const { annotations, keepsGroups } = options;
  const all = { ...annotations, ...(keepsGroups ? { [KEEP_GROUPS_ANNOTATION]: "1" } : {}) };
  return Object.keys(all).length === 0 ? {} : { annotations: all };
}

function specProcess(request: RunSpecRequest): Process {
  const { options, process, consoleSize, idMaps, appArmorProfile } = request;
  const { security = DEFAULT_SECURITY } = options;
  const names = runCapabilities(security);
  const bounded = { bounding: names, effective: names, permitted: names };
  const isRoot = process.user.uid === 0;
  const rlimits = runRlimits(options.ulimits);
  const setsGroups =
    options.keepsGroups !== true &&
    (idMaps === undefined || idMaps.gid.some(({ size }) => size > 1));
  return {
    terminal: options.terminal,
    ...(consoleSize === undefined ? {} : { consoleSize }),
    user: {
      ...(setsGroups ? process.user : { uid: process.user.uid, gid: process.user.gid }),
      // Never that of whoever calls us: files would be closed to users inside because it is strict.
      umask: options.umask ?? 0o022,
    },
    args: withInit(options.init, process.args),
    env: process.env,
    cwd: process.cwd,
    capabilities: isRoot ? bounded : { bounding: names },
    ...(rlimits.length === 0 ? {} : { rlimits }),
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...(appArmorProfile === undefined ? {} : { apparmorProfile: appArmorProfile }),
  };
}

function specLinux(base: Spec, request: RunSpecRequest): Linux {
  const { options, idMaps, cgroupsPath, namespaces } = request;
  const { security = DEFAULT_SECURITY, sysctls = {} } = options;
  const seccomp = runSeccomp(security, runCapabilities(security));
  // Those of a user namespace that is joined are the same: an ordinary user has one set of ids.
  const hasUsers = namespaces.some(({ type }) => type === "user");
  const nodes = idMaps === undefined ? request.devices.map(({ device }) => device) : [];
  return {
    ...base.linux,
    ...runProtection(security, base.linux),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(idMaps !== undefined && hasUsers
      ? { uidMappings: idMaps.uid, gidMappings: idMaps.gid }
      : {}),
    namespaces,
    ...(options.personality === undefined ? {} : { personality: { domain: options.personality } }),
    ...(nodes.length === 0 ? {} : { devices: nodes }),
    ...(Object.keys(sysctls).length === 0 ? {} : { sysctl: sysctls }),
    ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
    resources: specResources(base, request),
  };
}

function specResources(base: Spec, { options, devices }: RunSpecRequest): Resources {
  const { security = DEFAULT_SECURITY, limits, deviceRules: rules } = options;
  const resources = base.linux?.resources;
  return {
    ...resources,
    ...limitResources(limits),
    ...(options.cgroupFiles === undefined ? {} : { unified: options.cgroupFiles }),
    devices: security.privileged
      ? [{ allow: true, access: "rwm" }]
      : [...(resources?.devices ?? []), ...deviceRules(devices, rules)],
  };
}
