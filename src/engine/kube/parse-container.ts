// One entry of spec.containers or spec.initContainers.

import { signalNumber } from "../containers/stop-signal.ts";
import type { KubeFields } from "./kube-fields.ts";
import {
  type KubeContainer,
  type KubeKey,
  type KubeResources,
  type KubeSecurity,
  type KubeVariable,
  type KubeVariableSource,
  type KubeVolumeMount,
  RESOURCE_FIELDS,
} from "./kube-objects.ts";
import { parseHook, parseProbe } from "./parse-probe.ts";
import { parseQuantity } from "./quantities.ts";

const HIGHEST_PORT = 65_535;

/** One with `restartPolicy: Always` goes on beside the containers. */
export function parseInitContainer(fields: KubeFields): KubeContainer {
  const isSidecar = fields.choice("restartPolicy", ["Always"]) !== undefined;
  return { ...parseContainer(fields), isSidecar };
}

export function parseContainer(fields: KubeFields): KubeContainer {
  const ports = portsOf(fields.objects("ports"));
  const container = {
    name: fields.requiredText("name"),
    image: fields.requiredText("image"),
    pullPolicy: fields.choice("imagePullPolicy", ["Always", "IfNotPresent", "Never"]),
    command: fields.texts("command"),
    args: fields.texts("args"),
    workingDir: fields.text("workingDir"),
    variables: fields.objects("env").map(parseVariable),
    variableSources: fields.objects("envFrom").flatMap(parseVariableSource),
    mounts: fields.objects("volumeMounts").map(parseVolumeMount),
    resources: parseResources(fields.object("resources")),
    isSidecar: false,
    security: parseSecurity(fields.object("securityContext")),
    health: parseProbe(fields.object("livenessProbe"), "liveness", ports),
    startupProbe: parseProbe(fields.object("startupProbe"), "startup", ports),
    readinessProbe: parseProbe(fields.object("readinessProbe"), "readiness", ports),
    ...parseLifecycle(fields.object("lifecycle"), ports),
    stdin: fields.flag("stdin"),
    tty: fields.flag("tty"),
  };
  fields.skip("terminationMessagePath", "terminationMessagePolicy");
  fields.end();
  return container;
}

function parseLifecycle(
  fields: KubeFields | undefined,
  ports: ReadonlyMap<string, number>,
): Pick<KubeContainer, "lifecycle" | "stopSignal"> {
  const postStart = parseHook(fields?.object("postStart"), ports);
  const preStop = parseHook(fields?.object("preStop"), ports);
  const stopSignal = fields?.text("stopSignal");
  if (stopSignal !== undefined && signalNumber(stopSignal) === undefined) {
    fields?.fault("stopSignal", "there is no signal of this name");
  }
  fields?.end();
  const lifecycle = {
    ...(postStart === undefined ? {} : { postStart }),
    ...(preStop === undefined ? {} : { preStop }),
  };
  return { lifecycle: (postStart ?? preStop) === undefined ? undefined : lifecycle, stopSignal };
}

/** Their numbers by their names. */
function portsOf(ports: readonly KubeFields[]): ReadonlyMap<string, number> {
  const named = new Map<string, number>();
  for (const port of ports) {
    const name = port.text("name");
    const number = port.integer("containerPort", 1, HIGHEST_PORT);
    if (name !== undefined && number !== undefined) {
      named.set(name, number);
    }
    warnOfPort(port);
  }
  return named;
}

function warnOfPort(port: KubeFields): void {
  port.skip("protocol");
  if (port.has("hostPort")) {
    port.skip("hostPort", "hostIP");
    port.warn("hostPort", "there are no networks with ports yet; hostNetwork has the host's");
  }
  port.end();
}

function parseVariable(fields: KubeFields): KubeVariable {
  const name = fields.requiredText("name");
  const source = fields.object("valueFrom");
  const from =
    source === undefined
      ? ({ kind: "value", value: fields.text("value") ?? "" } as const)
      : parseValueSource(source);
  fields.end();
  return { name, from };
}

function parseValueSource(source: KubeFields): KubeVariable["from"] {
  const map = source.object("configMapKeyRef");
  const secret = source.object("secretKeyRef");
  const field = source.object("fieldRef");
  const resource = source.object("resourceFieldRef");
  source.end();
  if (map !== undefined) {
    return parseKey(map, "ConfigMap");
  }
  if (secret !== undefined) {
    return parseKey(secret, "Secret");
  }
  if (field !== undefined) {
    const path = field.requiredText("fieldPath");
    field.skip("apiVersion");
    field.end();
    return { kind: "field", path };
  }
  return resource === undefined ? { kind: "value", value: "" } : parseResourceField(resource);
}

function parseResourceField(fields: KubeFields): KubeVariable["from"] {
  const divisor = quantity(fields, "divisor") ?? 0;
  const field = {
    kind: "resource",
    resource: fields.choice("resource", RESOURCE_FIELDS) ?? "limits.cpu",
    container: fields.text("containerName"),
    // Kubernetes takes 0, which its own tools write, for what is not there.
    divisor: divisor === 0 ? 1 : divisor,
  } as const;
  if (!fields.has("resource")) {
    fields.fault("resource", "required");
  }
  fields.end();
  return field;
}

function parseKey(fields: KubeFields, kind: KubeKey["kind"]): KubeKey {
  const key = {
    kind,
    object: fields.requiredText("name"),
    key: fields.requiredText("key"),
    optional: fields.flag("optional"),
  };
  fields.end();
  return key;
}

function parseVariableSource(fields: KubeFields): readonly KubeVariableSource[] {
  const prefix = fields.text("prefix") ?? "";
  const map = fields.object("configMapRef");
  const reference = map ?? fields.object("secretRef");
  fields.end();
  if (reference === undefined) {
    return [];
  }
  const source = {
    kind: map === undefined ? ("Secret" as const) : ("ConfigMap" as const),
    object: reference.requiredText("name"),
    optional: reference.flag("optional"),
    prefix,
  };
  reference.end();
  return [source];
}

function parseVolumeMount(fields: KubeFields): KubeVolumeMount {
  const path = fields.requiredText("mountPath");
  if (path !== "" && !path.startsWith("/")) {
    fields.fault("mountPath", "it is no absolute path");
  }
  const mount = {
    volume: fields.requiredText("name"),
    path: path.replace(/(?<=.)\/+$/, ""),
    subPath: fields.text("subPath"),
    subPathExpr: fields.text("subPathExpr"),
    readOnly: fields.flag("readOnly"),
    place: fields.path,
  };
  if (mount.subPath !== undefined && mount.subPathExpr !== undefined) {
    fields.fault("subPathExpr", "there is a subPath, too");
  }
  fields.end();
  return mount;
}

function parseResources(fields: KubeFields | undefined): KubeResources {
  const limits = fields?.object("limits");
  const requests = fields?.object("requests");
  const resources = {
    "limits.memory": quantity(limits, "memory"),
    "limits.cpu": quantity(limits, "cpu"),
    "requests.memory": quantity(requests, "memory"),
    "requests.cpu": quantity(requests, "cpu"),
  };
  limits?.end();
  requests?.end();
  fields?.end();
  return resources;
}

function quantity(fields: KubeFields | undefined, name: string): number | undefined {
  const text = fields?.quantity(name);
  const value = text === undefined ? undefined : parseQuantity(text);
  if (text !== undefined && value === undefined) {
    fields?.fault(name, `${JSON.stringify(text)} is no quantity`);
  }
  return value;
}

/** Of a container, or of a pod, for all of its containers. */
export function parseSecurity(fields: KubeFields | undefined): KubeSecurity {
  const capabilities = fields?.object("capabilities");
  const isEscalating = fields?.has("allowPrivilegeEscalation") !== true;
  const security = {
    user: fields?.integer("runAsUser"),
    group: fields?.integer("runAsGroup"),
    privileged: fields?.flag("privileged") ?? false,
    readOnly: fields?.flag("readOnlyRootFilesystem") ?? false,
    noNewPrivileges: !isEscalating && fields?.flag("allowPrivilegeEscalation") === false,
    added: capabilities?.texts("add") ?? [],
    dropped: capabilities?.texts("drop") ?? [],
    seccomp: parseSeccomp(fields?.object("seccompProfile")),
    apparmor: parseProfile(fields?.object("appArmorProfile")),
  };
  if (fields?.flag("runAsNonRoot") === true && security.user === undefined) {
    fields.warn("runAsNonRoot", "it is ignored: the image decides, unless runAsUser does");
  } else if (fields?.flag("runAsNonRoot") === true && security.user === 0) {
    fields.fault("runAsUser", "runAsNonRoot does not allow 0");
  }
  capabilities?.end();
  return security;
}

function parseSeccomp(fields: KubeFields | undefined): string | undefined {
  const profile = parseProfile(fields);
  if (profile !== undefined && profile !== "unconfined" && !profile.startsWith("/")) {
    fields?.fault("localhostProfile", "it is no absolute path");
  }
  return profile;
}

/** "unconfined", or the profile of the machine's that is named. */
function parseProfile(fields: KubeFields | undefined): string | undefined {
  const type = fields?.choice("type", ["RuntimeDefault", "Unconfined", "Localhost"]);
  const profile = type === "Localhost" ? fields?.requiredText("localhostProfile") : undefined;
  fields?.end();
  return type === "Unconfined" ? "unconfined" : profile;
}
