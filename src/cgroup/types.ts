// The records that src/cgroup works on, and its map: which function of which file does what. All of it
// is synchronous; every failure is an OcicatError.
//
//   detect.ts    detectCgroupHost() -> CgroupHost             the host's layout, read once a process
//   intent.ts    planCgroup(request) -> ContainerCgroup       paths and names only; nothing is made
//   create.ts    createCgroup(cgroup, resources?) -> ContainerCgroup   directories made; a failure
//                                                             removes what it made. Rootless without
//                                                             permission may leave fewer paths
//   record.ts    parseContainerCgroup(value, where)           the record again, from state.json
//   entry.ts     entryFor(cgroup), joinFor(cgroup, initPid)   how a process gets in
//   scope.ts     startScope(cgroup, pid, options), stopScope(cgroup)   systemd alone; else nothing
//   resources.ts applyResources(cgroup, resources)            all but devices; also for `update`
//   devices.ts   applyDevices(cgroup, rules)                  device rules, and the usual devices
//   delegate.ts  delegateCgroup(cgroup, owner)                files that belong to the container's root
//   freeze.ts    freeze(cgroup), thaw(cgroup), isFrozen(cgroup)
//   members.ts   pidsOf(cgroup)                               all, those of sub-cgroups too
//   kill.ts      killAll(cgroup, signal)
//   remove.ts    removeCgroup(cgroup, timeoutMs?)             waits, bounded, for the processes to go
//   stats.ts     readStats(cgroup), encodeStats(stats)        the shape of runc's `events --stats`
//   oom.ts       openOomSource(cgroup) -> { fd, read() }, countOomKills(cgroup)
//
// The order of a `create`, with what the plan compiler needs in the middle:
//
//   intent = planCgroup(...)              store the intent
//   cgroup = createCgroup(intent)         store the record
//   applyResources(cgroup, resources)     (cgroupfs)
//   entry = entryFor(cgroup)              the program clones into entry.into, writes entry.tasks
//   startScope(cgroup, pid, options)      (systemd) at a sync point before the program writes
//                                         entry.tasks; it applies the resources too
//   applyDevices(cgroup, rules)           at a sync point after the device nodes are made
//
// and of a `delete`: killAll(cgroup, SIGKILL), stopScope(cgroup), removeCgroup(cgroup).

/**
 * "v2": one tree. "v1": a tree per controller. "hybrid": v1 with a v2 tree beside it, in which
 * systemd tracks its units: a container must leave the caller's cgroup there too.
 */
export type CgroupLayout = "v1" | "v2" | "hybrid";

/** A mounted cgroup v1 hierarchy. */
export interface Hierarchy {
  readonly mountPoint: string;
  /** The cgroup at the mount point: "/", but in nested containers. */
  readonly root: string;
  /** Co-mounted controllers share a hierarchy; a named one has the single entry "name=systemd". */
  readonly controllers: readonly string[];
}

export interface CgroupHost {
  readonly layout: CgroupLayout;
  /** Empty for "v2". */
  readonly hierarchies: readonly Hierarchy[];
  /** Where the v2 tree is mounted; absent for "v1". */
  readonly unified?: { readonly mountPoint: string; readonly root: string };
}

/** Who makes the cgroup. */
export type CgroupKeeper =
  | { readonly kind: "cgroupfs" }
  | {
      readonly kind: "systemd";
      /** "docker-1234.scope"; a name that ends in ".slice" makes a slice. */
      readonly unit: string;
      /** As systemd's Slice= takes it: "system.slice". */
      readonly slice: string;
      /** The user's own systemd, not the system's. */
      readonly userBus: boolean;
    };

interface CgroupRecord {
  readonly keeper: CgroupKeeper;
  /** Permission problems are expected, as runc's --rootless has it. */
  readonly rootless: boolean;
  /** The configuration named the cgroup: then even rootless must get it. */
  readonly explicit: boolean;
}

export interface V1Cgroup extends CgroupRecord {
  readonly tree: "v1";
  /** The directory by controller ("memory", "name=systemd"); co-mounted ones have the same. */
  readonly paths: Readonly<Record<string, string>>;
  /** The directory in the v2 tree of a hybrid host. */
  readonly unifiedPath?: string;
}

export interface V2Cgroup extends CgroupRecord {
  readonly tree: "v2";
  readonly path: string;
}

/** Rootless without permission and without limits: the container stays in the caller's cgroup. */
export interface NoCgroup extends CgroupRecord {
  readonly tree: "none";
}

/** A container's cgroup, as state.json keeps it. */
export type ContainerCgroup = V1Cgroup | V2Cgroup | NoCgroup;

export interface CgroupRequest {
  readonly containerId: string;
  /** `linux.cgroupsPath`. */
  readonly cgroupsPath?: string | undefined;
  /** --systemd-cgroup. */
  readonly systemd: boolean;
  readonly rootless: boolean;
}

/** How a process gets into a cgroup: at its clone, and then by its own writes. */
export interface CgroupEntry {
  /**
   * Directories for CLONE_INTO_CGROUP, best first: EBUSY or ENOENT of one leads to the next. Empty:
   * none is needed.
   */
  readonly into: readonly string[];
  /** `tasks` files (cgroup v1): the process, while it has one thread, writes "0" to each. */
  readonly tasks: readonly string[];
  /** systemd: startScope must have been called with the process's pid before it writes `tasks`. */
  readonly needsScope: boolean;
}
