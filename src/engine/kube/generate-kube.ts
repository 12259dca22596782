// kube generate: documents that `kube play` makes the same of.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { ContainerRecord } from "../containers/container-record.ts";
import { NO_RESTART, type RestartPolicy } from "../containers/restart-policy.ts";
import { openContainer } from "../containers/stored-container.ts";
import { findPod } from "../pods/open-pods.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { RunNames } from "../run-names.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { DEPLOYMENT_LABEL } from "./deployment-pods.ts";
import {
  type Document,
  type GenerateContext,
  generateContainer,
  kubeName,
  unlessEmpty,
} from "./generate-container.ts";
import { type GeneratedOwnVolume, generateOwnVolumes } from "./generate-own-volumes.ts";
import { GeneratedVolumes } from "./generate-volumes.ts";
import { storedKubeSecrets } from "./kube-secrets.ts";

/** `words`: pods, or containers, which become one pod. Throws "not-found". */
export async function generateKube(
  words: readonly string[],
  options: SurroundingsOptions,
): Promise<string> {
  const stored = await storedKubeSecrets(options);
  const keys = new Map(
    [...stored].flatMap(([object, names]) =>
      [...names].map(([key, name]) => [name, { object, key }] as const),
    ),
  );
  const documents: Document[] = [];
  const containers: ContainerRecord[] = [];
  for (const word of words) {
    const found = await findEither(word, options);
    if (found.kind === "container") {
      containers.push(found.record);
    } else {
      const own = await generateOwnVolumes(found.pod.name, options);
      const context = contextOf(keys, own, options);
      const document = podDocument(found.pod, found.members, context);
      documents.push(...context.volumes.maps, document);
    }
  }
  if (containers.length > 0) {
    documents.push(podDocument(undefined, containers, contextOf(keys, new Map(), options)));
  }
  return documents.map((document) => Bun.YAML.stringify(document, null, 2)).join("\n---\n");
}

function contextOf(
  keys: ReadonlyMap<string, { readonly object: string; readonly key: string }>,
  own: ReadonlyMap<string, GeneratedOwnVolume>,
  { onWarning }: SurroundingsOptions,
): GenerateContext {
  return {
    volumes: new GeneratedVolumes(own),
    secretKey: (name) => keys.get(name),
    warn: (text) => onWarning?.(text),
  };
}

type Found =
  | { readonly kind: "container"; readonly record: ContainerRecord }
  | { readonly kind: "pod"; readonly pod: PodRecord; readonly members: readonly ContainerRecord[] };

async function findEither(word: string, options: SurroundingsOptions): Promise<Found> {
  try {
    const { record, members } = await findPod(word, options);
    return { kind: "pod", pod: record, members: members.map((member) => member.record) };
  } catch (error) {
    if (!(error instanceof OcicatError && error.code === "not-found")) {
      throw error;
    }
    using container = await openContainer(word, options);
    return { kind: "container", record: container.record };
  }
}

function podDocument(
  pod: PodRecord | undefined,
  containers: readonly ContainerRecord[],
  context: GenerateContext,
): Document {
  const [first] = containers;
  if (first === undefined) {
    throw new OcicatError("wrong-state", {
      operation: "generate",
      subject: `pod ${quote(pod?.name ?? "")}`,
      reason: "it has no containers",
    });
  }
  requireImages(containers);
  const { labels: all = {}, annotations = {} } = (pod ?? first).options;
  const { [DEPLOYMENT_LABEL]: _, ...labels } = all;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: kubeName(pod?.name ?? `${first.name}-pod`),
      ...unlessEmpty("labels", labels),
      ...unlessEmpty("annotations", annotations),
    },
    spec: podSpec(pod, { first, containers, context }),
  };
}

function requireImages(containers: readonly ContainerRecord[]): void {
  for (const { name, image } of containers) {
    if (image === undefined) {
      throw new OcicatError("unsupported", {
        operation: "generate",
        subject: `container ${quote(name)}`,
        reason: "it is made of no image, which a document has to name",
      });
    }
  }
}

interface Members {
  readonly first: ContainerRecord;
  readonly containers: readonly ContainerRecord[];
  readonly context: GenerateContext;
}

const POLICIES: Readonly<Record<RestartPolicy["kind"], string>> = {
  no: "Never",
  "on-failure": "OnFailure",
  always: "Always",
  "unless-stopped": "Always",
};

function podSpec(pod: PodRecord | undefined, { first, containers, context }: Members): Document {
  const { options } = pod ?? first;
  const { restart = NO_RESTART, network, namespaces, names = {} } = options;
  const { stopTimeoutMs, groups = [] } = first.options;
  const documentOf = (each: ContainerRecord) => generateContainer(each, pod?.name, context);
  const sidecars = pod === undefined || goesOn(restart) ? [] : sidecarsOf(containers);
  const documents = containers.filter((each) => !sidecars.includes(each)).map(documentOf);
  const numbers = groups.filter((group) => /^\d+$/.test(group)).map(Number);
  const fileGroup = numbers.find(
    (group) => hasFilesOf(group, containers) || context.volumes.areOfGroup(group),
  );
  const security = {
    ...(fileGroup === undefined ? {} : { fsGroup: fileGroup }),
    ...unlessEmpty(
      "supplementalGroups",
      numbers.filter((group) => group !== fileGroup),
    ),
    ...unlessEmpty(
      "sysctls",
      Object.entries(options.sysctls ?? {}).map(([name, value]) => ({ name, value })),
    ),
  };
  const ownHostname = pod === undefined ? undefined : options.hostname;
  return {
    ...(network === "host" ? { hostNetwork: true } : {}),
    ...(namespaces?.pid === "host" ? { hostPID: true } : {}),
    ...(namespaces?.ipc === "host" ? { hostIPC: true } : {}),
    ...(sharesProcesses(pod) ? { shareProcessNamespace: true } : {}),
    ...(ownHostname === undefined || network === "host" ? {} : { hostname: ownHostname }),
    restartPolicy: POLICIES[restart.kind],
    ...(stopTimeoutMs === undefined
      ? {}
      : { terminationGracePeriodSeconds: Math.round(stopTimeoutMs / 1000) }),
    ...namesPart(names),
    ...unlessEmpty("securityContext", security),
    ...unlessEmpty(
      "initContainers",
      sidecars.map((each) => ({ ...documentOf(each), restartPolicy: "Always" })),
    ),
    containers: documents,
    ...unlessEmpty("volumes", context.volumes.documents),
  };
}

function goesOn({ kind }: RestartPolicy): boolean {
  return kind === "always" || kind === "unless-stopped";
}

/** Those that go on beside others that end: a document says that of init containers alone. */
function sidecarsOf(containers: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const kept = containers.filter(({ options }) => goesOn(options.restart ?? NO_RESTART));
  return kept.length === containers.length ? [] : kept;
}

/** A container's own group that has the files of its secrets is what a document calls fsGroup. */
function hasFilesOf(group: number, containers: readonly ContainerRecord[]): boolean {
  const secrets = containers.flatMap(({ options }) => options.secrets ?? []);
  return secrets.some((secret) => secret.kind === "mount" && secret.gid === group);
}

function sharesProcesses(pod: PodRecord | undefined): boolean {
  const isShared = pod?.options.source.pod.shared.includes("pid") === true;
  return isShared && pod.options.namespaces?.pid !== "host";
}

function namesPart({ hosts = [], servers, searchDomains, resolverOptions }: RunNames): Document {
  const aliases = hosts.map(({ name, address }) => ({ ip: address, hostnames: [name] }));
  const dns = {
    ...unlessEmpty("nameservers", servers ?? []),
    ...unlessEmpty("searches", searchDomains ?? []),
    ...unlessEmpty("options", (resolverOptions ?? []).map(optionOf)),
  };
  return { ...unlessEmpty("hostAliases", aliases), ...unlessEmpty("dnsConfig", dns) };
}

function optionOf(text: string): Document {
  const [name = "", value] = text.split(":", 2);
  return { name, ...(value === undefined ? {} : { value }) };
}
