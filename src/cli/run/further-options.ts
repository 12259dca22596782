// What the flags of `ocicat run` mean that are not in options.ts.

import { parseRestartPolicy } from "../../engine/containers/restart-policy.ts";
import { mountPlaces } from "../../engine/mount-places.ts";
import { foundInit } from "../../engine/run-init.ts";
import type { RunContainerOptions } from "../../engine/run-options.ts";
import { readTextFile } from "../../sys/file.ts";
import { parsePatience } from "../containers/container-flags.ts";
import { chosenPlatform } from "../images/platform-flags.ts";
import { parseAccounts } from "./account-options.ts";
import { badValue } from "./bad-value.ts";
import { parseEnvironment } from "./environment-options.ts";
import type { RunFlags } from "./flags.ts";
import { given } from "./given.ts";
import { parseHealth, parseStartupProbe } from "./health-options.ts";
import { checkedRestart, labelsOf, parseLog, parseStopSignal } from "./keeping.ts";
import { parseMount, parseTmpfs } from "./mounts.ts";
import { parseNames } from "./name-options.ts";
import {
  parseDevice,
  parseDeviceRule,
  parseNamespaces,
  parseNetwork,
  parseSysctls,
} from "./namespace-options.ts";
import type { Surroundings } from "./options.ts";
import { parseRare, readOnlyTmpfs } from "./rare-options.ts";
import { parseLimits, parseOomScore, parseUlimits } from "./resource-options.ts";
import { parseSecret } from "./secret-option.ts";
import { parseSecurity } from "./security.ts";
import { parseStreams } from "./stream-options.ts";
import { parseUsers } from "./user-options.ts";
import {
  parseEntrypoint,
  parseImageVolumes,
  parsePairs,
  parsePullPolicy,
  parseSize,
} from "./values.ts";
import { parseVolume, requirePlaces } from "./volumes.ts";

/** Of all flags but those that options.ts reads. What several flags say together is read here again. */
export function furtherOptions(
  flags: RunFlags,
  { absolute, environment }: Surroundings,
): Partial<RunContainerOptions> {
  return {
    ...given(chosenPlatform(flags), (platform) => ({ platform })),
    ...given(flags.text("pull"), (text) => ({ pullPolicy: parsePullPolicy(text) })),
    ...given(flags.text("entrypoint"), (text) => ({ entrypoint: parseEntrypoint(text) })),
    ...given(flags.text("pod"), (pod) => ({ pod })),
    ...parseEnvironment(flags, environment),
    ...keepingOptions(flags, absolute),
    ...mountOptions(flags, absolute),
    ...kernelOptions(flags),
    ...processOptions(flags, absolute),
    limits: {
      ...parseLimits(flags),
      ...(flags.switch("oom-kill-disable") ? { waitsForMemory: true } : {}),
    },
    security: parseSecurity({
      added: flags.list("cap-add"),
      dropped: flags.list("cap-drop"),
      options: flags.list("security-opt"),
      privileged: flags.switch("privileged"),
      readFile: (path) => readTextFile(absolute(path)),
    }),
    systemdCgroup: flags.switch("systemd-cgroup"),
    ...given(flags.text("cgroup-parent"), (cgroupParent) => ({ cgroupParent })),
    ...parseStreams(flags),
    ...parseAccounts(flags),
    ...parseRare(flags, absolute),
  };
}

/** How it is kept, and what becomes of it at its end. */
function keepingOptions(
  flags: RunFlags,
  absolute: (path: string) => string,
): Partial<RunContainerOptions> {
  const isRemoved = flags.switch("rm") || flags.switch("rmi");
  const health = parseHealth(flags, isRemoved);
  const startupProbe = parseStartupProbe(flags, isRemoved);
  const annotations = flags.list("annotation");
  return {
    ...(health === undefined ? {} : { health }),
    ...(startupProbe === undefined ? {} : { startupProbe }),
    ...given(flags.text("restart"), (text) => ({
      restart: checkedRestart(parseRestartPolicy(text), isRemoved),
    })),
    labels: labelsOf(flags, absolute),
    log: parseLog(flags.text("log-driver") ?? "file", flags.list("log-opt")),
    ...given(flags.text("stop-signal"), (text) => ({ stopSignal: parseStopSignal(text) })),
    ...given(flags.text("stop-timeout"), (text) => ({
      stopTimeoutMs: parsePatience(text, "--stop-timeout"),
    })),
    ...(annotations.length === 0 ? {} : { annotations: parsePairs("annotation", annotations) }),
    ...given(flags.text("cidfile"), (path) => ({ idFile: absolute(path) })),
  };
}

function mountOptions(
  flags: RunFlags,
  absolute: Surroundings["absolute"],
): Pick<RunContainerOptions, "mounts" | "tmpfs"> & Partial<RunContainerOptions> {
  const parsed = [
    ...flags.list("volume").map((text) => parseVolume(text, absolute)),
    ...flags.list("mount").map((text) => parseMount(text, absolute)),
  ];
  const volumes = parsed.flatMap((each) => (each.kind === "volume" ? [each.volume] : []));
  const tmpfs = parsed.flatMap((each) => (each.kind === "tmpfs" ? [each.tmpfs] : []));
  const images = parsed.flatMap((each) => (each.kind === "image" ? [each.image] : []));
  const others = parsed.flatMap((each) => (each.kind === "file-system" ? [each.fileSystem] : []));
  const mounts = parsed.flatMap((each) => (each.kind === "bind" ? [each.mount] : []));
  const ownTmpfs = [...flags.list("tmpfs").map(parseTmpfs), ...tmpfs];
  const asked = { mounts, volumes, tmpfs: ownTmpfs, imageMounts: images, fileSystems: others };
  const taken = mountPlaces(asked);
  requirePlaces(taken);
  return {
    mounts,
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(images.length === 0 ? {} : { imageMounts: images }),
    ...(others.length === 0 ? {} : { fileSystems: others }),
    ...given(flags.text("image-volume"), parseImageVolumes),
    tmpfs: [...ownTmpfs, ...readOnlyTmpfs(flags, new Set(taken))],
  };
}

function processOptions(
  flags: RunFlags,
  absolute: (path: string) => string,
): Partial<RunContainerOptions> {
  const initPath = flags.text("init-path");
  const groups = flags.list("group-add");
  const secrets = flags.list("secret").map(parseSecret);
  return {
    ...(groups.length === 0 ? {} : parseGroups(groups)),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...given(flags.text("oom-score-adj"), (text) => ({ oomScoreAdj: parseOomScore(text) })),
    ...given(flags.text("shm-size"), parseShmSize),
    ...(flags.switch("init") && initPath === undefined ? { reaps: true } : {}),
    ...given(initPath, (path) => ({ init: foundInit(absolute(path)) })),
  };
}

/** podman's "keep-groups" stands alone: the kernel lets nobody add to groups that are not mapped. */
function parseGroups(groups: readonly string[]): Partial<RunContainerOptions> {
  if (!groups.includes("keep-groups")) {
    return { groups };
  }
  if (groups.length > 1) {
    throw badValue(
      "group-add",
      "keep-groups",
      "no other groups can be added to those that are kept",
    );
  }
  return { keepsGroups: true };
}

/** Docker's 0 is what every container has. */
function parseShmSize(text: string): Pick<RunContainerOptions, "shmSize"> {
  return text === "0" ? {} : { shmSize: parseSize("shm-size", text) };
}

function kernelOptions(flags: RunFlags): Partial<RunContainerOptions> {
  const network = parseNetwork(flags.text("network") ?? "none");
  const namespaces = parseNamespaces(flags);
  // As docker has it, "" is none.
  const hostname = flags.text("hostname") || undefined;
  if (hostname !== undefined && (namespaces.uts ?? "private") !== "private") {
    throw badValue("hostname", hostname, "--uts takes another one's");
  }
  const ulimits = parseUlimits(flags.list("ulimit"));
  const users = parseUsers(flags);
  const devices = flags.list("device").map(parseDevice);
  const rules = flags.list("device-cgroup-rule").map(parseDeviceRule);
  return {
    ...given(hostname, (name) => ({ hostname: name })),
    network,
    namespaces,
    ...(flags.text("ipc") === "none" ? { noSharedMemory: true } : {}),
    sysctls: parseSysctls(flags.list("sysctl"), network, namespaces),
    names: parseNames(flags),
    ...(users === undefined ? {} : { users }),
    ...(ulimits.length === 0 ? {} : { ulimits }),
    ...(devices.length === 0 ? {} : { devices }),
    ...(rules.length === 0 ? {} : { deviceRules: rules }),
  };
}
