// pod create: a pod, with podman's flags.

import { parseRestartPolicy } from "../../engine/containers/restart-policy.ts";
import { type CreatePodOptions, createPod, DEFAULT_SHARED } from "../../engine/pods/create-pod.ts";
import { removePod } from "../../engine/pods/pod-operations.ts";
import type { PodNamespace, PodSettings } from "../../engine/run-options.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue } from "../run/bad-value.ts";
import { labelsOf } from "../run/keeping.ts";
import { NAME_FLAGS } from "../run/name-flags.ts";
import { parseNames } from "../run/name-options.ts";
import { NAMESPACE_FLAGS } from "../run/namespace-flags.ts";
import { parseNamespaces, parseNetwork, parseSysctls } from "../run/namespace-options.ts";
import { LIMIT_FLAGS } from "../run/resource-flags.ts";
import { parseLimits } from "../run/resource-options.ts";
import { USER_FLAGS } from "../run/user-flags.ts";
import { parseUsers } from "../run/user-options.ts";
import { parsePairs, parseSize } from "../run/values.ts";
import { writeOutput } from "../write-text.ts";

const { device: _, "device-cgroup-rule": __, ...NAMESPACES } = NAMESPACE_FLAGS;

const POD_FLAGS = {
  name: { kind: "text", aliases: ["n"], value: "NAME", help: "name of the pod; random by default" },
  share: {
    kind: "text",
    value: "LIST",
    help: "ipc,net,uts by default; of these, pid, cgroup; +pid adds to them; none",
  },
  "exit-policy": {
    kind: "text",
    value: "POLICY",
    help: "continue, the default, or stop: when the last container has ended",
  },
  restart: {
    kind: "text",
    value: "POLICY",
    help: "of containers that have none of their own: always, on-failure[:RETRIES]...",
  },
  label: { kind: "list", aliases: ["l"], value: "KEY=VALUE", help: "a label of the pod" },
  "label-file": { kind: "list", value: "FILE", help: "the labels in a file, one a line" },
  annotation: { kind: "list", value: "KEY=VALUE", help: "one of its process's OCI configuration" },
  replace: { kind: "switch", help: "remove a pod that has the name, with its containers" },
  "pod-id-file": { kind: "text", value: "FILE", help: "write the pod's ID to a new file" },
  ...NAME_FLAGS,
  ...LIMIT_FLAGS,
  ...NAMESPACES,
  ...USER_FLAGS,
  "cgroup-parent": { kind: "text", value: "PATH", help: "make the pod's cgroup below this one" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

type PodFlags = FlagsOf<typeof POD_FLAGS>;

export const create = defineCommand({
  usage: ["[FLAGS] [NAME]"],
  about: `Makes a pod and prints its ID. Its containers, which \`run --pod\` and \`create --pod\` put into it,
share the namespaces of the pod's process, its /dev/shm, and the limits that are given here.`,
  flags: POD_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_POD_FLAGS,
  args: { min: 0, max: 1 },
  examples: [
    "ocicat pod create --name web",
    "ocicat pod create --share +pid --memory 512m --exit-policy stop job",
    "ocicat pod create --network host web",
  ],
  async act(flags) {
    const options = podOptions(flags);
    if (flags.switch("replace")) {
      await removeFormer(options);
    }
    writeOutput(`${await createPod(options)}\n`);
    return 0;
  },
  failureCode: () => 125,
});

/** The pod that has the name; a container keeps it. */
async function removeFormer({ name, ...options }: CreatePodOptions): Promise<void> {
  if (name === undefined) {
    throw badValue("replace", "true", "it needs a name");
  }
  await removePod(name, { ...options, force: true }).catch(unlessMissing);
}

function podOptions(flags: PodFlags): CreatePodOptions {
  const name = flags.text("name") ?? flags.args[0];
  const hostname = flags.text("hostname") || undefined;
  const restart = flags.text("restart");
  const shmSize = flags.text("shm-size");
  const cgroupParent = flags.text("cgroup-parent");
  const idFile = flags.text("pod-id-file");
  const network = parseNetwork(flags.text("network") ?? "none");
  const namespaces = parseNamespaces(flags);
  if (flags.text("ipc") === "none") {
    throw badValue("ipc", "none", "a pod's containers share their memory");
  }
  const users = parseUsers(flags);
  return {
    ...placeOptions(flags),
    ...(name === undefined ? {} : { name }),
    shared: parseShare(flags.text("share")),
    exitPolicy: parseExitPolicy(flags.text("exit-policy") ?? "continue"),
    ...(restart === undefined ? {} : { restart: parseRestartPolicy(restart) }),
    labels: labelsOf(flags, absolutePath),
    annotations: parsePairs("annotation", flags.list("annotation")),
    ...(hostname === undefined ? {} : { hostname }),
    names: parseNames(flags),
    limits: parseLimits(flags),
    network,
    namespaces,
    ...(users === undefined ? {} : { users }),
    sysctls: parseSysctls(flags.list("sysctl"), network, namespaces),
    ...(shmSize === undefined ? {} : { shmSize: parseSize("shm-size", shmSize) }),
    ...(cgroupParent === undefined ? {} : { cgroupParent }),
    ...(idFile === undefined ? {} : { idFile: absolutePath(idFile) }),
  };
}

const SHARED_NAMES: Readonly<Record<string, PodNamespace>> = {
  ipc: "ipc",
  net: "network",
  uts: "uts",
  pid: "pid",
  cgroup: "cgroup",
};

/** "net,pid", "+pid", "none". */
function parseShare(text: string | undefined): readonly PodNamespace[] {
  if (text === undefined) {
    return DEFAULT_SHARED;
  }
  const isAddition = text.startsWith("+");
  const words = (isAddition ? text.slice(1) : text).split(",").filter(Boolean);
  const named = words.includes("none") && words.length === 1 ? [] : words;
  const chosen = named.map((word) => {
    const type = Object.hasOwn(SHARED_NAMES, word) ? SHARED_NAMES[word] : undefined;
    if (type === undefined) {
      throw badValue("share", text, `it is a list of ${Object.keys(SHARED_NAMES).join(", ")}`);
    }
    return type;
  });
  return [...new Set([...(isAddition ? DEFAULT_SHARED : []), ...chosen])];
}

function parseExitPolicy(text: string): PodSettings["exitPolicy"] {
  if (text !== "continue" && text !== "stop") {
    throw badValue("exit-policy", text, "it is neither continue nor stop");
  }
  return text;
}
