import { describe, expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import { limitsOf } from "./kube-resources.ts";
import { expand } from "./kube-variables.ts";
import { parseKubeFile } from "./parse-documents.ts";
import { parseQuantity } from "./quantities.ts";

const HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n";
const CONTAINER = "{name: a, image: debian}";

function podOf(spec: string) {
  const [pod] = parseKubeFile(`${HEAD}${spec}`, "web.yaml").objects;
  if (pod?.kind !== "Pod") {
    throw new Error("no pod");
  }
  return pod;
}

function refusal(text: string): string {
  try {
    parseKubeFile(text, "web.yaml");
  } catch (error) {
    if (error instanceof OcicatError) {
      return error.message;
    }
    throw error;
  }
  return "";
}

describe("what is wrong is told with its place", () => {
  test.each([
    ["kind: Pod\nmetadata: {name: x}\n", 'Pod "x": spec.containers: required'],
    [`${HEAD}  containers: [{name: a}]\n`, 'Pod "web": spec.containers[0].image: required'],
    [`${HEAD}  containers: [{name: a, image: 5}]\n`, "spec.containers[0].image: it is no text"],
    [`${HEAD}  containers: [${CONTAINER}, ${CONTAINER}]\n`, 'spec.containers: "a" is there twice'],
    [
      `${HEAD}  containers: [{name: a, image: b, env: [{name: X, value: 1}]}]\n`,
      "spec.containers[0].env[0].value: it is no text: put it in quotes",
    ],
    [
      `${HEAD}  containers: [{name: a, image: b, volumeMounts: [{name: v, mountPath: /v}]}]\n`,
      'spec.containers[0].volumeMounts[0].name: there is no volume "v"',
    ],
    [
      `${HEAD}  containers: [{name: a, image: b, resources: {limits: {memory: much}}}]\n`,
      'spec.containers[0].resources.limits.memory: "much" is no quantity',
    ],
    [
      `${HEAD}  restartPolicy: Sometimes\n  containers: [${CONTAINER}]\n`,
      "spec.restartPolicy: it is none of",
    ],
    [
      `${HEAD}  containers: [${CONTAINER}]\n  volumes: [{name: v, nfs: {}}]\n`,
      "spec.volumes[0].name: its volume is none of",
    ],
    [
      `${HEAD}  containers: [${CONTAINER}]
  volumes: [{name: v, secret: {secretName: s, items: [{key: k, path: ../k}]}}]
`,
      "spec.volumes[0].secret.items[0].path: it is no path inside of the volume",
    ],
    ...[
      ["items[1].path: another file", "{key: a, path: x}, {key: b, path: x}"],
      ["items[1].path: another file", "{key: a, path: x}, {key: b, path: x/y}"],
      ["items[0].path: it is no path inside", "{key: a, path: .}"],
      ["items[0].path: it is no path inside", "{key: a, path: a//b}"],
    ].map(([fault = "", items = ""]): [string, string] => [
      `${HEAD}  containers: [${CONTAINER}]
  volumes: [{name: v, configMap: {name: m, items: [${items}]}}]
`,
      `spec.volumes[0].configMap.${fault}`,
    ]),
    [
      `${HEAD}  containers: [${CONTAINER}]\n  volumes: [{name: v, emptyDir: {}}, {name: v, hostPath: {path: /}}]\n`,
      'spec.volumes[1].name: there is another volume "v"',
    ],
    [
      `${HEAD}  containers: [{name: a, image: b, volumeMounts: [{name: v, mountPath: /x}, {name: v, mountPath: /x/}]}]
  volumes: [{name: v, emptyDir: {}}]
`,
      'spec.containers[0].volumeMounts[1].mountPath: another volume is mounted at "/x"',
    ],
    [
      `${HEAD}  containers: [${CONTAINER}]\n---\n${HEAD}  containers: [${CONTAINER}]\n`,
      'Pod "web": it is there twice',
    ],
    ["kind: Secret\nmetadata: {name: s}\ndata: {k: '%'}\n", "data.k: it is no base64"],
    [
      "kind: ConfigMap\nmetadata: {name: m}\ndata: {../k: v}\n",
      "data.../k: its key is not made of letters",
    ],
    ["kind: ConfigMap\nmetadata: {name: m}\ndata: [k]\n", "data: it is no mapping of at most"],
    ["a: [", "it is no YAML"],
    ["", "there is nothing in it"],
    [
      "kind: ConfigMap\nmetadata: {name: m}\n---\n1\n",
      "document 2: the document: it is no mapping",
    ],
  ])("%p", (text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  test("all of it at once", () => {
    expect(refusal(`${HEAD}  hostNetwork: maybe\n  containers: [{}]\n`).split("; ")).toHaveLength(
      3,
    );
  });

  test("aliases that grow, and more text than there may be", () => {
    const levels = "bcdefghij".split("").map((letter, index) => {
      const before = "abcdefghi"[index];
      return `${letter}: &${letter} [${Array.from({ length: 10 }, () => `*${before}`).join(",")}]`;
    });
    expect(refusal(`a: &a [x]\n${levels.join("\n")}\n`)).toContain("Excessive aliasing");
    expect(refusal(" ".repeat(4 * 1024 * 1024 + 1))).toContain("larger than");
  });
});

test("what is left out is warned of, what says nothing is not", () => {
  const spec = `  nodeSelector: {disk: ssd}
  dnsPolicy: ClusterFirst
  containers:
  - name: a
    image: b
    lifecycle: {preStop: {exec: {command: [x]}, dance: {}}, postStart: {grpc: {port: 1}}, postRest: {}}
    livenessProbe: {dance: {port: 80}}
    terminationMessagePath: /dev/log
    ports: [{containerPort: 80}, {containerPort: 81, hostPort: 81}]
`;
  expect(parseKubeFile(`${HEAD}${spec}`, "web.yaml").warnings).toEqual([
    'Pod "web": spec.containers[0].ports[1].hostPort: there are no networks with ports yet; ' +
      "hostNetwork has the host's",
    'Pod "web": spec.containers[0].livenessProbe.dance: it is ignored',
    'Pod "web": spec.containers[0].lifecycle.postStart.grpc: it is ignored',
    'Pod "web": spec.containers[0].lifecycle.preStop.dance: it is ignored',
    'Pod "web": spec.containers[0].lifecycle.postRest: it is ignored',
    'Pod "web": spec.nodeSelector: it is ignored',
  ]);
  const service = parseKubeFile(
    `${HEAD}  containers: [${CONTAINER}]\n---\nkind: Service\nmetadata: {name: s}\n`,
    "f",
  );
  expect(service.warnings).toEqual(['Service "s": kind: documents of this kind are ignored']);
});

test("a deployment is a pod for each replica", () => {
  const deployment = (replicas: string) => `kind: Deployment
metadata: {name: web}
spec:
  ${replicas}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [${CONTAINER}]}
`;
  const names = (text: string) => parseKubeFile(text, "f").objects.map(({ name }) => name);
  expect(names(deployment("selector: {}"))).toEqual(["web", "web-pod"]);
  expect(names(deployment("replicas: 2"))).toEqual(["web", "web-pod-0", "web-pod-1"]);
});

test("a List, as kubectl writes it, is what is in it", () => {
  const map = "{kind: ConfigMap, metadata: {name: m}}";
  const pod = `{kind: Pod, metadata: {name: web}, spec: {containers: [${CONTAINER}]}}`;
  const { objects, warnings } = parseKubeFile(`kind: List\nitems: [${map}, ${pod}]\n`, "f");
  expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["ConfigMap m", "Pod web"]);
  expect(warnings).toEqual([]);
});

test("resources of 0, and an init container that goes on", () => {
  const { spec } =
    podOf(`  initContainers: [{name: s, image: b, restartPolicy: Always}, {name: i, image: b}]
  containers: [{name: a, image: b, resources: {limits: {cpu: 0, memory: "0"}, requests: {cpu: "0"}}}]
`);
  expect(spec.initContainers.map(({ isSidecar }) => isSidecar)).toEqual([true, false]);
  const machine = { cpus: 2, memoryBytes: 1e9 };
  const [resources] = spec.containers.map((container) => container.resources);
  expect(resources && limitsOf(resources, { machine })).toEqual({ cpuShares: 2 });
  const asked = { ...resources, "limits.cpu": 8, "limits.memory": 0.1 };
  expect(limitsOf({ ...NO_RESOURCES, ...asked }, { machine })).toMatchObject({
    cpus: 2,
    memory: 1,
  });
});

const NO_RESOURCES = {
  "limits.cpu": undefined,
  "limits.memory": undefined,
  "requests.cpu": undefined,
  "requests.memory": undefined,
};

test.each([
  ["0644", 0o644],
  ["0400", 0o400],
  ["420", 0o644],
  ["0o600", 0o600],
])("the mode %s, as YAML 1.1 reads it", (text, mode) => {
  const { spec } = podOf(
    `  containers: [${CONTAINER}]\n  volumes: [{name: v, configMap: {name: m, defaultMode: ${text}}}]\n`,
  );
  expect(spec.volumes[0]).toMatchObject({ kind: "ConfigMap", object: "m", mode });
});

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["64Mi", 64 * 2 ** 20],
  ["1.5G", 1.5e9],
  ["1e3", 1000],
  ["12x", undefined],
  ["-1", undefined],
  ["", undefined],
])("the quantity %p", (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

test.each([
  ["$(A) and $(B)", "1 and $(B)"],
  ["$$(A) $$ $x", "$(A) $ $x"],
])("variables in %p", (text, expected) => {
  expect(expand(text, new Map([["A", "1"]]))).toBe(expected);
});

test.each(["startup", "readiness"] as const)("a %s probe, with Kubernetes' defaults", (kind) => {
  const parse = (more: string) => {
    const probe = `${kind}Probe: {exec: {command: [check]}${more}}`;
    return podOf(`  containers: [{name: a, image: b, ${probe}}]\n`).spec.containers[0]?.[
      `${kind}Probe`
    ];
  };
  const usual = {
    test: ["CMD", "check"],
    intervalMs: 10_000,
    timeoutMs: 1000,
    delayMs: 0,
    retries: 3,
  };
  expect(parse("")).toEqual(usual);
  const delayed = ", initialDelaySeconds: 2, failureThreshold: 30, successThreshold: 1";
  expect(parse(delayed)).toEqual({
    ...usual,
    delayMs: 2000,
    retries: 30,
    ...(kind === "readiness" ? { successes: 1 } : {}),
  });
});

test.each([
  ["livenessProbe: {exec: {command: [x]}, successThreshold: 2}", "that of a liveness probe is 1"],
  ["startupProbe: {exec: {command: [x]}, successThreshold: 2}", "that of a startup probe is 1"],
  ["startupProbe: {exec: {}}", "startupProbe.exec.command: required"],
  [
    "readinessProbe: {exec: {command: [x]}, terminationGracePeriodSeconds: 5}",
    "nothing ends because of a readiness probe",
  ],
])("%s is refused", (probe, reason) => {
  expect(refusal(`${HEAD}  containers: [{name: a, image: b, ${probe}}]\n`)).toContain(reason);
});

test("a probe's own patience with what is to end", () => {
  const probe = "livenessProbe: {exec: {command: [x]}, terminationGracePeriodSeconds: 7}";
  const { spec } = podOf(`  containers: [{name: a, image: b, ${probe}}]\n`);
  expect(spec.containers[0]?.health?.stopTimeoutMs).toBe(7000);
});

test("a command of a liveness probe is a health check", () => {
  const probe = "{exec: {command: [check, now]}, periodSeconds: 5, initialDelaySeconds: 2}";
  const { spec } = podOf(`  containers: [{name: a, image: b, livenessProbe: ${probe}}]\n`);
  expect(spec.containers[0]?.health).toEqual({
    test: ["CMD", "check", "now"],
    intervalMs: 5000,
    timeoutMs: 1000,
    startPeriodMs: 2000,
    retries: 3,
  });
});

test.each([
  ["httpGet: {port: 80}", ["HTTP", "http://127.0.0.1:80/"]],
  [
    "httpGet: {port: web, path: /a?b=1, scheme: HTTPS, httpHeaders: [{name: A, value: b c}]}",
    ["HTTP", "https://127.0.0.1:8080/a?b=1", "A: b c"],
  ],
  ["tcpSocket: {port: 5432}", ["TCP", "127.0.0.1", "5432"]],
  ["grpc: {port: web, service: all}", ["GRPC", "127.0.0.1", "8080", "all"]],
])("the liveness probe {%s} asks a port", (probe, words) => {
  const ports = "ports: [{name: web, containerPort: 8080}]";
  const { spec } = podOf(
    `  containers: [{name: a, image: b, ${ports}, livenessProbe: {${probe}}}]\n`,
  );
  expect(spec.containers[0]?.health?.test).toEqual(words);
});

test.each<[string, string]>([
  ["a".repeat(127), ""],
  ["a".repeat(128), "it has more than 127 bytes"],
  ["\u00e9".repeat(64), "it has more than 127 bytes"],
])("the length of a service %s is one byte of a request", (service, expected) => {
  const probe = `{grpc: {port: 1, service: ${service}}}`;
  const text = `${HEAD}  containers: [{name: a, image: b, livenessProbe: ${probe}}]\n`;
  const told = refusal(text);
  expect(expected === "" ? told : told.slice(-expected.length)).toBe(expected);
});

test.each(["httpGet: {path: /}", "tcpSocket: {port: db}", "grpc: {port: 70000}"])(
  "a probe without a port, {%s}, is refused",
  (probe) => {
    const text = `${HEAD}  containers: [{name: a, image: b, livenessProbe: {${probe}}}]\n`;
    expect(refusal(text)).toContain("it is neither a port nor the name");
  },
);
