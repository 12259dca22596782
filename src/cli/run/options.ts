// From the words of the command line to the options of the engine.

import { parseRestartPolicy } from "../../engine/containers/restart-policy.ts";
import { mountPlaces } from "../../engine/mount-places.ts";
import { foundInit } from "../../engine/run-init.ts";
import type { RunContainerOptions, RunSource } from "../../engine/run-options.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { parseSeconds } from "../containers/container-flags.ts";
import { parseEnvironment } from "./environment-flags.ts";
import type { RunFlags } from "./flags.ts";
import { parseFurther, parsePlatformParts, readOnlyTmpfs } from "./further-flags.ts";
import { parseHealth } from "./health-flags.ts";
import { checkedRestart, labelsOf, parseLog, parseStopSignal } from "./keeping.ts";
import { parseMount, parseTmpfs, parseVolume } from "./mounts.ts";
import { parseNames } from "./name-flags.ts";
import {
  parseDevice,
  parseDeviceRule,
  parseNamespaces,
  parseNetwork,
  parseSysctls,
} from "./namespace-flags.ts";
import { parseLimits, parseOomScore, parseUlimits } from "./resource-flags.ts";
import { parseSecret } from "./secret-flags.ts";
import { parseSecurity } from "./security.ts";
import { parseUsers } from "./user-flags.ts";
import {
  badValue,
  parseEntrypoint,
  parseImageVolumes,
  parsePairs,
  parsePullPolicy,
  parseSize,
} from "./values.ts";

export interface Surroundings {
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function runOptions(flags: RunFlags, around: Surroundings): RunContainerOptions {
  const { source, command } = whatToRun(flags);
  const absolute = (path: string): string =>
    path.startsWith("/") ? path : `${around.workingDirectory}/${path}`;
  return {
    source,
    command,
    ...given(chosenPlatform(flags), (platform) => ({ platform })),
    ...given(flags.text("pull"), (text) => ({ pullPolicy: parsePullPolicy(text) })),
    ...given(flags.text("entrypoint"), (text) => ({ entrypoint: parseEntrypoint(text) })),
    ...given(flags.text("name"), (name) => ({ name })),
    ...given(flags.text("pod"), (pod) => ({ pod })),
    ...parseEnvironment(flags, around.environment),
    ...given(flags.text("workdir"), (workdir) => ({ workdir })),
    ...given(flags.text("user"), (user) => ({ user })),
    ...given(flags.text("hostname"), (hostname) => ({ hostname })),
    interactive: flags.switch("interactive"),
    terminal: flags.switch("tty"),
    remove: flags.switch("rm"),
    detach: flags.switch("detach"),
    ...given(flags.text("restart"), (text) => ({
      restart: checkedRestart(parseRestartPolicy(text), flags.switch("rm")),
    })),
    labels: labelsOf(flags, absolute),
    log: parseLog(flags.text("log-driver") ?? "file", flags.list("log-opt")),
    ...given(flags.text("stop-signal"), (text) => ({ stopSignal: parseStopSignal(text) })),
    ...given(flags.text("stop-timeout"), (text) => ({
      stopTimeoutMs: parseSeconds(text, "--stop-timeout"),
    })),
    readOnly: flags.switch("read-only"),
    ...mountOptions(flags, around.workingDirectory),
    network: "none",
    limits: parseLimits(flags),
    ...furtherOptions(flags, absolute),
    security: parseSecurity({
      added: flags.list("cap-add"),
      dropped: flags.list("cap-drop"),
      options: flags.list("security-opt"),
      privileged: flags.switch("privileged"),
      readFile: (path) => readTextFile(absolute(path)),
    }),
    systemdCgroup: flags.switch("systemd-cgroup"),
    ...given(flags.text("cgroup-parent"), (cgroupParent) => ({ cgroupParent })),
    ...given(flags.text("store"), (path) => ({ storeRoot: absolute(path) })),
    ...given(flags.text("root"), (path) => ({ stateRoot: absolute(path) })),
  };
}

function chosenPlatform(flags: RunFlags): string | undefined {
  const platform = flags.text("platform");
  const parts = parsePlatformParts(flags);
  if (platform !== undefined && parts !== undefined) {
    throw badValue("platform", platform, "it does not go with --os, --arch and --variant");
  }
  return platform ?? parts;
}

/** Properties for a flag that is given; none for one that is not. */
function given<Properties>(
  value: string | undefined,
  make: (value: string) => Properties,
): Properties | undefined {
  return value === undefined ? undefined : make(value);
}

function whatToRun(flags: RunFlags): {
  readonly source: RunSource;
  readonly command: readonly string[];
} {
  const path = flags.text("rootfs");
  if (path !== undefined) {
    return { source: { kind: "rootfs", path }, command: flags.args };
  }
  const [image, ...command] = flags.args;
  if (image === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "a container",
      reason: "there is no image",
      hint: "`ocicat run hello` shows that it works; `ocicat run --help` shows the rest",
    });
  }
  return {
    source: image === "hello" ? { kind: "hello" } : { kind: "image", reference: image },
    command,
  };
}

function mountOptions(
  flags: RunFlags,
  workingDirectory: string,
): Pick<RunContainerOptions, "mounts" | "tmpfs"> & Partial<RunContainerOptions> {
  const parsed = [
    ...flags.list("volume").map((text) => parseVolume(text, workingDirectory)),
    ...flags.list("mount").map((text) => parseMount(text, workingDirectory)),
  ];
  const volumes = parsed.flatMap((each) => (each.kind === "volume" ? [each.volume] : []));
  const tmpfs = parsed.flatMap((each) => (each.kind === "tmpfs" ? [each.tmpfs] : []));
  const images = parsed.flatMap((each) => (each.kind === "image" ? [each.image] : []));
  const others = parsed.flatMap((each) => (each.kind === "file-system" ? [each.fileSystem] : []));
  const mounts = parsed.flatMap((each) => (each.kind === "bind" ? [each.mount] : []));
  const ownTmpfs = [...flags.list("tmpfs").map(parseTmpfs), ...tmpfs];
  const taken = mountPlaces({ mounts, volumes, tmpfs: ownTmpfs, imageMounts: images });
  return {
    mounts,
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(images.length === 0 ? {} : { imageMounts: images }),
    ...(others.length === 0 ? {} : { fileSystems: others }),
    ...given(flags.text("image-volume"), parseImageVolumes),
    tmpfs: [...ownTmpfs, ...readOnlyTmpfs(flags, new Set(taken))],
  };
}

/** What was not there in the first version of a container's record. */
function furtherOptions(
  flags: RunFlags,
  absolute: (path: string) => string,
): Partial<RunContainerOptions> {
  const initPath = flags.text("init-path");
  const groups = flags.list("group-add");
  const secrets = flags.list("secret").map(parseSecret);
  const annotations = flags.list("annotation");
  const health = parseHealth(flags, flags.switch("rm"));
  return {
    ...(health === undefined ? {} : { health }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(annotations.length === 0 ? {} : { annotations: parsePairs("annotation", annotations) }),
    ...given(flags.text("cidfile"), (path) => ({ idFile: absolute(path) })),
    ...given(flags.text("oom-score-adj"), (text) => ({ oomScoreAdj: parseOomScore(text) })),
    ...given(flags.text("shm-size"), (text) => ({ shmSize: parseSize("shm-size", text) })),
    ...(flags.switch("init") && initPath === undefined ? { reaps: true } : {}),
    ...given(initPath, (path) => ({ init: foundInit(absolute(path)) })),
    ...kernelOptions(flags),
    ...parseFurther(flags, absolute),
  };
}

function kernelOptions(flags: RunFlags): Partial<RunContainerOptions> {
  const network = parseNetwork(flags.text("network") ?? "none");
  const namespaces = parseNamespaces(flags);
  if (flags.isSet("hostname") && (namespaces.uts ?? "private") !== "private") {
    throw badValue("hostname", flags.text("hostname") ?? "", "--uts takes another one's");
  }
  const ulimits = parseUlimits(flags.list("ulimit"));
  const users = parseUsers(flags);
  const devices = flags.list("device").map(parseDevice);
  const rules = flags.list("device-cgroup-rule").map(parseDeviceRule);
  return {
    network,
    namespaces,
    sysctls: parseSysctls(flags.list("sysctl"), network, namespaces),
    names: parseNames(flags),
    ...(users === undefined ? {} : { users }),
    ...(ulimits.length === 0 ? {} : { ulimits }),
    ...(devices.length === 0 ? {} : { devices }),
    ...(rules.length === 0 ? {} : { deviceRules: rules }),
  };
}
