// livenessProbe, startupProbe, readinessProbe, and lifecycle hooks: a command inside the container, or the question
// that a port of it is asked. The first is its health check.

import { encodeText } from "../../sys/memory.ts";
import type { ProbeKind, RunHealth } from "../health/health-check.ts";
import type { LifecycleHook } from "../health/lifecycle-hooks.ts";
import type { KubeFields } from "./kube-fields.ts";

/** Kubernetes' defaults. */
const PERIOD_S = 10;
const TIMEOUT_S = 1;
const FAILURES = 3;
const LONGEST_S = 1_000_000;
const HIGHEST_PORT = 65_535;
/** Bytes: port-requests.ts writes the length as one. */
const LONGEST_SERVICE = 127;
/** A pod has no address but this one that its containers could listen at. */
const OWN_ADDRESS = "127.0.0.1";

/** `ports`: numbers of the container's by their names. Undefined: there is none, or none that is known here. */
export function parseProbe(
  fields: KubeFields | undefined,
  kind: ProbeKind,
  ports: ReadonlyMap<string, number>,
): RunHealth | undefined {
  if (fields === undefined) {
    return undefined;
  }
  const test = parseTest(fields, ports);
  const seconds = (name: string, usual: number): number =>
    1000 * (fields.integer(name, 0, LONGEST_S) ?? usual);
  const health = {
    intervalMs: seconds("periodSeconds", PERIOD_S),
    timeoutMs: seconds("timeoutSeconds", TIMEOUT_S),
    // An initial delay of a health check is docker's start period: it is asked then, too.
    [kind === "liveness" ? "startPeriodMs" : "delayMs"]: seconds("initialDelaySeconds", 0),
    retries: fields.integer("failureThreshold", 1, LONGEST_S) ?? FAILURES,
    ...parseSuccesses(fields, kind),
    ...parseGrace(fields, kind),
  };
  fields.end();
  return test === undefined ? undefined : { test, ...health };
}

/** postStart or preStop. Undefined: there is none, or none that is known here. */
export function parseHook(
  fields: KubeFields | undefined,
  ports: ReadonlyMap<string, number>,
): LifecycleHook | undefined {
  const sleep = fields?.object("sleep");
  const seconds = sleep?.integer("seconds", 0, LONGEST_S);
  sleep?.end();
  const test =
    sleep === undefined && fields !== undefined ? parseHandler(fields, ports) : undefined;
  fields?.end();
  const [kind, ...words] = test ?? [];
  if (sleep !== undefined) {
    return ["SLEEP", String(seconds ?? 0)];
  }
  return kind === undefined ? undefined : [kind, ...words];
}

/** What Kubernetes takes. */
function parseSuccesses(fields: KubeFields, kind: ProbeKind): Pick<RunHealth, "successes"> {
  const successes = fields.integer("successThreshold", 1, LONGEST_S);
  if (kind !== "readiness" && successes !== undefined && successes !== 1) {
    fields.fault("successThreshold", `that of a ${kind} probe is 1`);
  }
  return kind === "readiness" && successes !== undefined ? { successes } : {};
}

/** Nothing ends because of a readiness probe. */
function parseGrace(fields: KubeFields, kind: ProbeKind): Pick<RunHealth, "stopTimeoutMs"> {
  const grace = fields.integer("terminationGracePeriodSeconds", 1, LONGEST_S);
  if (kind === "readiness" && grace !== undefined) {
    fields.fault("terminationGracePeriodSeconds", "nothing ends because of a readiness probe");
  }
  return grace === undefined ? {} : { stopTimeoutMs: grace * 1000 };
}

/** As RunHealth has it. */
function parseTest(
  fields: KubeFields,
  ports: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const handler = parseHandler(fields, ports);
  const grpc = handler === undefined ? fields.object("grpc") : undefined;
  return grpc === undefined ? handler : parseGrpc(grpc, ports);
}

/** What hooks can be, too. */
function parseHandler(
  fields: KubeFields,
  ports: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const exec = fields.object("exec");
  if (exec !== undefined) {
    return parseCommand(fields, exec);
  }
  const http = fields.object("httpGet");
  if (http !== undefined) {
    return parseHttp(http, ports);
  }
  const tcp = fields.object("tcpSocket");
  if (tcp !== undefined) {
    const words = ["TCP", tcp.text("host") ?? OWN_ADDRESS, parsePort(tcp, ports)];
    tcp.end();
    return words;
  }
  return undefined;
}

function parseCommand(fields: KubeFields, exec: KubeFields): readonly string[] | undefined {
  const words = exec.texts("command") ?? [];
  exec.end();
  if (words.length === 0) {
    fields.fault("exec.command", "required");
    return undefined;
  }
  return ["CMD", ...words];
}

function parseHttp(http: KubeFields, ports: ReadonlyMap<string, number>): readonly string[] {
  const scheme = (http.choice("scheme", ["HTTP", "HTTPS"]) ?? "HTTP").toLowerCase();
  const host = http.text("host") ?? OWN_ADDRESS;
  const path = http.text("path") ?? "/";
  const port = parsePort(http, ports);
  const headers = http.objects("httpHeaders").map((header) => {
    const line = `${header.requiredText("name")}: ${header.text("value") ?? ""}`;
    header.end();
    return line;
  });
  http.end();
  const url = `${scheme}://${host}:${port}${path.startsWith("/") ? path : `/${path}`}`;
  if (port !== "" && !URL.canParse(url)) {
    http.fault("host", "it makes no URL with the path");
  }
  return ["HTTP", url, ...headers];
}

function parseGrpc(grpc: KubeFields, ports: ReadonlyMap<string, number>): readonly string[] {
  const service = grpc.text("service") ?? "";
  if (encodeText(service).length > LONGEST_SERVICE) {
    grpc.fault("service", `it has more than ${LONGEST_SERVICE} bytes`);
  }
  const port = parsePort(grpc, ports);
  grpc.end();
  return ["GRPC", OWN_ADDRESS, port, service];
}

/** A number, or the name of one of the container's. */
function parsePort(fields: KubeFields, ports: ReadonlyMap<string, number>): string {
  const text = fields.quantity("port");
  const port = text === undefined ? undefined : (ports.get(text) ?? Number(text));
  if (port === undefined || !Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    fields.fault("port", "it is neither a port nor the name of one of the container's");
    return "";
  }
  return String(port);
}
