// Fills HostFacts for one configuration: everything that the plan compiler has to know and must not
// look up itself. Only what the configuration makes necessary is read.

import { AT_FDCWD, O_PATH, S_IFDIR, S_IFMT } from "../abi/file.ts";
import type { Mount } from "../oci/mount.ts";
import { isBindMount, subdirectoryOf } from "../oci/mount-options.ts";
import type { Spec } from "../oci/spec.ts";
import type { BindSource, CgroupMountFacts, HostFacts } from "../plan/host-facts.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, readTextFileIfExists, stat, tryOpenAt } from "../sys/file.ts";
import { takesLayersOneByOne } from "../sys/kernel-version.ts";
import { readOwnCapabilities } from "./capabilities.ts";
import { copiedFiles } from "./copied-files.ts";
import { resolveDestinations } from "./destinations.ts";
import { addressesOf, interfaceIndices } from "./interfaces.ts";
import { kernelPaths } from "./kernel-paths.ts";
import { isInitialUserNamespace } from "./user-namespace.ts";

const CAP_SYS_ADMIN = 21;
const NEWUIDMAP_DIRECTORIES = ["/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin"];

export interface FactsRequest {
  readonly spec: Spec;
  readonly bundle: string;
  /** The root file system where it is a directory of the host; absent for an overlay. */
  readonly rootPath: string | undefined;
  /** The folders that an overlay is made of, the topmost first. */
  readonly layerPaths?: readonly string[];
  readonly cgroup: CgroupMountFacts;
  /** From seccompFacts. */
  readonly seccomp: HostFacts["seccomp"];
}

export function gatherFacts(request: FactsRequest): HostFacts {
  const { spec } = request;
  const capabilities = readOwnCapabilities();
  const interfaces = interfaceIndices(spec);
  const privileged = capabilities.has(CAP_SYS_ADMIN) && isInitialUserNamespace();
  return {
    architecture: hostArchitecture,
    uid: call("geteuid"),
    gid: call("getegid"),
    privileged,
    capabilities,
    idMapPrograms: privileged ? undefined : findIdMapPrograms(spec),
    lastCapability: Number(readTextFileIfExists("/proc/sys/kernel/cap_last_cap") ?? 40),
    takesLayersOneByOne: !hasOverlay(spec) || takesLayersOneByOne(),
    security: securityModules(spec),
    cgroup: request.cgroup,
    bindSources: bindSources(spec.mounts ?? [], request.bundle),
    resolvedDestinations: resolveDestinations(spec.mounts ?? [], rootPathsOf(request)),
    kernelPaths: kernelPaths(spec),
    copyUp: copiedFiles(spec.mounts ?? [], request.rootPath),
    seccomp: request.seccomp,
    interfaces,
    interfaceAddresses: addressesOf(interfaces),
  };
}

function hasOverlay({ mounts = [] }: Spec): boolean {
  return mounts.some(({ type }) => type === "overlay");
}

function rootPathsOf({ rootPath, layerPaths = [] }: FactsRequest): readonly string[] {
  return rootPath === undefined ? layerPaths : [rootPath];
}

function findIdMapPrograms(spec: Spec): HostFacts["idMapPrograms"] {
  if ((spec.linux?.uidMappings?.length ?? 0) === 0) {
    return undefined;
  }
  const find = (name: string) => {
    const directory = NEWUIDMAP_DIRECTORIES.find((path) => stat(`${path}/${name}`) !== undefined);
    return `${directory ?? "/usr/bin"}/${name}`;
  };
  return { uid: find("newuidmap"), gid: find("newgidmap") };
}

function securityModules(spec: Spec): HostFacts["security"] {
  const { apparmorProfile, selinuxLabel } = spec.process ?? {};
  const mountLabel = spec.linux?.mountLabel;
  return {
    apparmor:
      apparmorProfile !== undefined &&
      readTextFileIfExists("/sys/module/apparmor/parameters/enabled")?.startsWith("Y") === true,
    selinux:
      (selinuxLabel ?? mountLabel) !== undefined && stat("/sys/fs/selinux/enforce") !== undefined,
  };
}

function bindSources(mounts: readonly Mount[], bundle: string): Map<number, BindSource> {
  const sources = new Map<number, BindSource>();
  mounts.forEach((mount, index) => {
    if (isBindMount(mount)) {
      const source = mount.source ?? "";
      const path = source.startsWith("/") ? source : `${bundle}/${source}`;
      const part = subdirectoryOf(mount);
      sources.set(index, sourceKind(part === undefined ? path : `${path}/${part}`));
    }
  });
  return sources;
}

function sourceKind(path: string): BindSource {
  const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
  if (fd < 0) {
    return "missing";
  }
  using file = new OwnedFd(fd);
  const status = stat(`/proc/self/fd/${file.number}`);
  return ((status?.mode ?? S_IFDIR) & S_IFMT) === S_IFDIR ? "directory" : "file";
}
