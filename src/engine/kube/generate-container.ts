// A container as an entry of spec.containers. No I/O.

import type { ContainerRecord } from "../containers/container-record.ts";
import { HEALTH_DEFAULTS, type RunHealth } from "../health/health-check.ts";
import type { RunLimits } from "../run-limits.ts";
import type { RunSecret } from "../run-options.ts";
import { DEFAULT_SECURITY } from "../security.ts";
import type { GeneratedVolumes } from "./generate-volumes.ts";
import { SHARES_OF_A_CPU } from "./quantities.ts";

export interface GenerateContext {
  readonly volumes: GeneratedVolumes;
  /** Where a stored secret is a key of a Secret: its object and key. */
  secretKey(stored: string): { readonly object: string; readonly key: string } | undefined;
  warn(text: string): void;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export type Document = Readonly<Record<string, unknown>>;

/** As Kubernetes takes names. */
export function kubeName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-");
}

/** `podName`: what its name begins with when a file was played. */
export function generateContainer(
  { name, image, options }: ContainerRecord,
  podName: string | undefined,
  context: GenerateContext,
): Document {
  const own = podName !== undefined && name.startsWith(`${podName}-`);
  const { entrypoint, command, workdir, interactive, terminal } = options;
  const env = variables(options, context);
  const mounts = context.volumes.mountsOf(options, context);
  const resources = resourcesOf(options.limits);
  const security = securityOf(options, (text) => context.warn(`container ${name}: ${text}`));
  return {
    name: kubeName(own ? name.slice((podName?.length ?? 0) + 1) : name),
    image: image?.name ?? "",
    ...unlessEmpty("command", (entrypoint ?? []).map(literal)),
    ...unlessEmpty("args", command.map(literal)),
    ...(workdir === undefined ? {} : { workingDir: workdir }),
    ...unlessEmpty("env", env),
    ...unlessEmpty("volumeMounts", mounts),
    ...unlessEmpty("resources", resources),
    ...unlessEmpty("securityContext", security),
    ...unlessEmpty("livenessProbe", probeOf(options.health)),
    ...unlessEmpty("startupProbe", probeOf(options.startupProbe)),
    ...unlessEmpty("readinessProbe", probeOf(options.readinessProbe)),
    ...unlessEmpty("lifecycle", lifecycleOf(options)),
    ...(interactive ? { stdin: true } : {}),
    ...(terminal ? { tty: true } : {}),
  };
}

/** Nothing in it is taken for a variable: $$ stands for $. */
function literal(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll("$", "$$$$") : text;
}

export function unlessEmpty(name: string, value: object): Document {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}

function variables(
  { env, secrets = [] }: ContainerRecord["options"],
  context: GenerateContext,
): readonly Document[] {
  const plain = env
    .filter((entry) => entry.includes("="))
    .map((entry) => {
      const equals = entry.indexOf("=");
      return { name: entry.slice(0, equals), value: literal(entry.slice(equals + 1)) };
    });
  return [...plain, ...secrets.flatMap((each) => secretVariable(each, context))];
}

function secretVariable(secret: RunSecret, context: GenerateContext): readonly Document[] {
  if (secret.kind === "text") {
    const texts = secret.parts.map((part) =>
      typeof part === "string" ? literal(part) : `$(${part.variable})`,
    );
    return [{ name: secret.target, value: texts.join("") }];
  }
  const found = secret.kind === "env" ? context.secretKey(secret.name) : undefined;
  const reference = { name: found?.object, key: found?.key };
  return found === undefined
    ? []
    : [{ name: secret.target, valueFrom: { secretKeyRef: reference } }];
}

function probeOf(probe: RunHealth | undefined): Document {
  const action = probeAction(probe?.test ?? []);
  if (probe === undefined || action === undefined) {
    return {};
  }
  const { intervalMs, timeoutMs, startPeriodMs = 0, delayMs = startPeriodMs } = probe;
  const { retries, successes, stopTimeoutMs } = probe;
  const usual = HEALTH_DEFAULTS;
  const seconds = (name: string, value: number | undefined): Document =>
    value === undefined ? {} : { [name]: Math.max(1, Math.round(value / 1000)) };
  return {
    ...action,
    ...seconds("periodSeconds", intervalMs || usual.intervalMs),
    ...seconds("timeoutSeconds", timeoutMs || usual.timeoutMs),
    ...(delayMs === 0 ? {} : seconds("initialDelaySeconds", delayMs)),
    failureThreshold: retries || usual.retries,
    ...(successes === undefined || successes === 1 ? {} : { successThreshold: successes }),
    ...seconds("terminationGracePeriodSeconds", stopTimeoutMs),
  };
}

/** Without the stop signal, which few clusters take: one that has none of its own has its image's. */
function lifecycleOf({ lifecycle = {} }: ContainerRecord["options"]): Document {
  const { postStart = [], preStop = [] } = lifecycle;
  return {
    ...unlessEmpty("postStart", probeAction(postStart) ?? {}),
    ...unlessEmpty("preStop", probeAction(preStop) ?? {}),
  };
}

/** Undefined: there is none. */
function probeAction([kind, ...words]: readonly string[]): Document | undefined {
  const [first = "", second = "", third = ""] = words;
  switch (kind) {
    case "HTTP":
      return { httpGet: httpAction(first, words.slice(1)) };
    case "TCP":
      return { tcpSocket: { port: Number(second), ...unlessOwn(first) } };
    case "GRPC":
      return { grpc: { port: Number(second), ...(third === "" ? {} : { service: third }) } };
    case "SLEEP":
      return { sleep: { seconds: Number(first) } };
    case "CMD-SHELL":
      return { exec: { command: ["/bin/sh", "-c", ...words] } };
    default:
      return kind === "CMD" && words.length > 0 ? { exec: { command: words } } : undefined;
  }
}

function httpAction(text: string, headers: readonly string[]): Document {
  const { protocol, hostname, port, pathname, search } = new URL(text);
  const isSecure = protocol === "https:";
  const httpHeaders = headers.map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon), value: line.slice(colon + 2) };
  });
  return {
    path: `${pathname}${search}`,
    port: Number(port || (isSecure ? HTTPS_PORT : HTTP_PORT)),
    ...(isSecure ? { scheme: "HTTPS" } : {}),
    ...unlessOwn(hostname),
    ...(httpHeaders.length === 0 ? {} : { httpHeaders }),
  };
}

function unlessOwn(host: string): Document {
  return host === "127.0.0.1" ? {} : { host };
}

function resourcesOf({ memory, cpus, memoryReservation, cpuShares }: RunLimits): Document {
  const limits = {
    ...(memory === undefined ? {} : { memory: String(memory) }),
    ...(cpus === undefined ? {} : { cpu: `${Math.round(cpus * 1000)}m` }),
  };
  const requests = {
    ...(memoryReservation === undefined ? {} : { memory: String(memoryReservation) }),
    ...(cpuShares === undefined
      ? {}
      : { cpu: `${Math.round((cpuShares / SHARES_OF_A_CPU) * 1000)}m` }),
  };
  return { ...unlessEmpty("limits", limits), ...unlessEmpty("requests", requests) };
}

function securityOf(
  { user, readOnly, security = DEFAULT_SECURITY }: ContainerRecord["options"],
  warn: (text: string) => void,
): Document {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user ?? "") ?? [];
  if (user !== undefined && uid === undefined) {
    warn(`the user ${JSON.stringify(user)} is left out: a document takes numbers alone`);
  }
  const capabilities = {
    ...unlessEmpty("add", security.addedCapabilities),
    ...unlessEmpty("drop", security.droppedCapabilities),
  };
  return {
    ...(uid === undefined ? {} : { runAsUser: Number(uid) }),
    ...(gid === undefined ? {} : { runAsGroup: Number(gid) }),
    ...(readOnly ? { readOnlyRootFilesystem: true } : {}),
    ...(security.privileged === true ? { privileged: true } : {}),
    ...(security.noNewPrivileges ? { allowPrivilegeEscalation: false } : {}),
    ...(security.seccomp === "unconfined" ? { seccompProfile: { type: "Unconfined" } } : {}),
    ...unlessEmpty("appArmorProfile", apparmorOf(security.apparmor)),
    ...unlessEmpty("capabilities", capabilities),
  };
}

function apparmorOf(profile: string | undefined): Document {
  if (profile === undefined) {
    return {};
  }
  return profile === "unconfined"
    ? { type: "Unconfined" }
    : { type: "Localhost", localhostProfile: profile };
}
