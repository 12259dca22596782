// From a Kubernetes pod to the pod, containers and volumes of the engine. No I/O but what the context does.

import type { PullPolicy } from "../../config/schema.ts";
import type { ProbedOptions } from "../health/health-check.ts";
import { plainOptions } from "../plain-options.ts";
import { type CreatePodOptions, DEFAULT_SHARED } from "../pods/create-pod.ts";
import type { RunContainerOptions } from "../run-options.ts";
import { DEFAULT_SECURITY, type RunSecurity } from "../security.ts";
import { DEPLOYMENT_LABEL } from "./deployment-pods.ts";
import type { KubeContext } from "./kube-context.ts";
import {
  containerMounts,
  hostPaths,
  type KubeHostPath,
  type KubeStoredVolume,
  podMemory,
  storedVolumes,
} from "./kube-mounts.ts";
import type { KubeContainer, KubePod, KubeSecurity } from "./kube-objects.ts";
import { limitsOf } from "./kube-resources.ts";
import {
  containerVariables,
  expand,
  type KubeVariables,
  referredSecrets,
} from "./kube-variables.ts";

export interface CompiledInit {
  readonly options: RunContainerOptions;
  /** It is started, and not waited for. */
  readonly isSidecar: boolean;
}

export interface CompiledPod {
  readonly pod: CreatePodOptions & { readonly name: string };
  /** Each runs to its end before the next, and all before the containers. */
  readonly initContainers: readonly CompiledInit[];
  readonly containers: readonly RunContainerOptions[];
  readonly volumes: readonly KubeStoredVolume[];
  readonly hostPaths: readonly KubeHostPath[];
}

export function compilePod(pod: KubePod, context: KubeContext): CompiledPod {
  const { spec } = pod;
  return {
    pod: podOptions(pod),
    initContainers: spec.initContainers.map((container) => ({
      options: {
        ...containerOptions(pod, container, context),
        restart: { kind: container.isSidecar ? "always" : "no" },
      },
      isSidecar: container.isSidecar,
    })),
    containers: spec.containers.map((container) => containerOptions(pod, container, context)),
    volumes: storedVolumes(pod, context),
    hostPaths: hostPaths(pod),
  };
}

function podOptions({ name, annotations, spec, ...pod }: KubePod): CompiledPod["pod"] {
  const { deployment } = pod;
  const labels =
    deployment === undefined ? pod.labels : { ...pod.labels, [DEPLOYMENT_LABEL]: deployment };
  const sharesProcesses = spec.sharesProcesses || spec.hostPid;
  return {
    name,
    labels,
    annotations,
    shared: sharesProcesses ? [...DEFAULT_SHARED, "pid"] : DEFAULT_SHARED,
    network: spec.hostNetwork ? "host" : "none",
    namespaces: {
      ...(spec.hostPid ? { pid: "host" } : {}),
      ...(spec.hostIpc ? { ipc: "host" } : {}),
    },
    ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
    names: spec.names,
    sysctls: spec.sysctls,
    memory: podMemory(spec),
    restart: spec.restart,
    exitPolicy: "stop",
  };
}

const PULL_POLICIES: Readonly<Record<NonNullable<KubeContainer["pullPolicy"]>, PullPolicy>> = {
  Always: "always",
  IfNotPresent: "missing",
  Never: "never",
};

function containerOptions(
  pod: KubePod,
  container: KubeContainer,
  context: KubeContext,
): RunContainerOptions {
  const { spec } = pod;
  const { values, secrets } = containerVariables(pod, container, context);
  const mounts = containerMounts(pod, { container, values }, context);
  const words = (texts: readonly string[]) => texts.map((text) => expand(text, values));
  warnOfSecrets(container, secrets, context);
  const user = userOf(container, spec.security, context);
  return plainOptions(container.image, words(container.args ?? []), {
    pod: pod.name,
    name: `${pod.name}-${container.name}`,
    labels: pod.labels,
    ...(container.pullPolicy === undefined
      ? {}
      : { pullPolicy: PULL_POLICIES[container.pullPolicy] }),
    ...(container.command === undefined ? {} : { entrypoint: words(container.command) }),
    ...(container.workingDir === undefined ? {} : { workdir: container.workingDir }),
    env: [...values].map(([name, value]) => `${name}=${value}`),
    ...(user === undefined ? {} : { user }),
    groups: spec.groups.map(String),
    interactive: container.stdin,
    terminal: container.tty,
    restart: spec.restart,
    ...probesOf(container, spec),
    ...(container.lifecycle === undefined ? {} : { lifecycle: container.lifecycle }),
    ...(container.stopSignal === undefined ? {} : { stopSignal: container.stopSignal }),
    ...(spec.stopTimeoutMs === undefined ? {} : { stopTimeoutMs: spec.stopTimeoutMs }),
    readOnly: container.security.readOnly,
    mounts: mounts.mounts,
    volumes: mounts.volumes,
    podMemory: mounts.memory,
    secrets: [...secrets, ...mounts.secrets],
    limits: limitsOf(container.resources, context),
    security: securityOf(pod, container, context),
  });
}

/** The command is in the container's record, where no secret is. */
function warnOfSecrets(
  { name, command = [], args = [] }: KubeContainer,
  secrets: KubeVariables["secrets"],
  context: KubeContext,
): void {
  const found = [...command, ...args].flatMap((text) => referredSecrets(text, secrets));
  for (const variable of new Set(found)) {
    context.warn(
      `container ${JSON.stringify(name)}: $(${variable}) stays as it is in its command: it has a secret in it; ` +
        `a shell takes it from the environment, $${variable}`,
    );
  }
}

/** One that is not alive any more, or does not come up, is restarted where the pod's containers are. */
function probesOf(
  { health, startupProbe, readinessProbe }: KubeContainer,
  { restart }: KubePod["spec"],
): ProbedOptions {
  const onFailure = restart.kind === "no" ? "kill" : "restart";
  return {
    ...(health === undefined ? {} : { health: { ...health, onFailure } }),
    ...(startupProbe === undefined ? {} : { startupProbe: { ...startupProbe, onFailure } }),
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
  };
}

/** The container's own wins over the pod's. */
function userOf(
  { name, security }: KubeContainer,
  pod: KubeSecurity,
  context: KubeContext,
): string | undefined {
  const user = security.user ?? pod.user;
  const group = security.group ?? pod.group;
  if (user === undefined && group !== undefined) {
    context.warn(`container ${JSON.stringify(name)}: runAsGroup is ignored without runAsUser`);
  }
  return user === undefined ? undefined : `${user}${group === undefined ? "" : `:${group}`}`;
}

function securityOf(
  pod: KubePod,
  { name, security: own }: KubeContainer,
  { readFile }: KubeContext,
): RunSecurity {
  const seccomp = own.seccomp ?? pod.spec.security.seccomp;
  const apparmor = own.apparmor ?? annotatedProfile(pod, name) ?? pod.spec.security.apparmor;
  return {
    ...DEFAULT_SECURITY,
    addedCapabilities: own.added,
    droppedCapabilities: own.dropped,
    noNewPrivileges: own.noNewPrivileges,
    ...(own.privileged ? { privileged: true } : {}),
    ...(seccomp === undefined ? {} : { seccomp: profileOf(seccomp, readFile) }),
    ...(apparmor === undefined ? {} : { apparmor }),
  };
}

const PROFILE_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";

/** As files said it before there was appArmorProfile. */
function annotatedProfile({ annotations }: KubePod, container: string): string | undefined {
  const text = annotations[`${PROFILE_ANNOTATION}${container}`] ?? "runtime/default";
  return text === "runtime/default" ? undefined : text.replace(/^localhost\//, "");
}

function profileOf(seccomp: string, readFile: (path: string) => string): RunSecurity["seccomp"] {
  return seccomp === "unconfined" ? seccomp : { profile: readFile(seccomp) };
}
