// From the text of a YAML (or JSON) file to what it asks for. Everything that is wrong with it is told at
// once, each with its place; what is left out of account is warned of.

import { type Fault, OcicatError } from "../../error/ocicat-error.ts";
import { KubeFields, KubeReport } from "./kube-fields.ts";
import type { KubeObject, KubePod } from "./kube-objects.ts";
import { parsePodSpec } from "./parse-pod-spec.ts";

/** Bun's parser refuses by itself what grows by aliases. */
export const KUBE_BYTES_LIMIT = 4 * 1024 * 1024;
const MOST_REPLICAS = 100;

export interface KubeFile {
  readonly objects: readonly KubeObject[];
  readonly warnings: readonly string[];
}

/** `name`: of the file, for messages. */
export function parseKubeFile(text: string, name: string): KubeFile {
  if (text.length > KUBE_BYTES_LIMIT) {
    throw refused(name, `it is larger than ${KUBE_BYTES_LIMIT} bytes`);
  }
  const parsed = parseYaml(text, name);
  const documents = (Array.isArray(parsed) ? parsed : [parsed]).flatMap(itemsOf);
  const context: Context = { text, faults: [], warnings: [] };
  const objects = documents.flatMap((document, index) => parseDocument(document, index, context));
  context.faults.push(...repeatedNames(objects));
  if (context.faults.length > 0) {
    const reason = context.faults.map(({ path, reason: why }) => `${path}: ${why}`).join("; ");
    throw refused(name, reason, context.faults);
  }
  if (objects.length === 0) {
    throw refused(name, "there is nothing in it");
  }
  return { objects, warnings: context.warnings };
}

function refused(name: string, reason: string, faults: readonly Fault[] = []): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "read",
    subject: name,
    reason,
    faults,
  });
}

function parseYaml(text: string, name: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refused(name, reason.replace(/^YAML Parse error: /, "it is no YAML: "));
  }
}

function repeatedNames(objects: readonly KubeObject[]): readonly Fault[] {
  const labels = objects.map(({ kind, name }) => `${kind} ${JSON.stringify(name)}`);
  const repeated = labels.filter((label, index) => labels.indexOf(label) < index);
  return [...new Set(repeated)].map((path) => ({ path, reason: "it is there twice" }));
}

/** A document of kind List, as `kubectl get -o yaml` writes it, stands for what is in it. */
function itemsOf(document: unknown): readonly unknown[] {
  if (typeof document !== "object" || document === null) {
    return document === null ? [] : [document];
  }
  const { kind, items }: Readonly<Record<string, unknown>> = { ...document };
  return kind === "List" && Array.isArray(items) ? items : [document];
}

interface Context {
  readonly text: string;
  readonly faults: Fault[];
  readonly warnings: string[];
}

/** `index`: of the document, which tells the place where nothing else does. */
function parseDocument(document: unknown, index: number, context: Context): readonly KubeObject[] {
  const report = new KubeReport();
  const fields = new KubeFields(document, "", report);
  const kind = fields.requiredText("kind");
  fields.skip("apiVersion", "status");
  const metadata = fields.object("metadata");
  const name = metadata?.requiredText("name") ?? "";
  if (metadata === undefined) {
    fields.fault("metadata.name", "required");
  }
  const objects = parseKind(kind, fields, {
    name,
    labels: metadata?.textMap("labels") ?? {},
    annotations: metadata?.textMap("annotations") ?? {},
    text: context.text,
  });
  metadata?.skip("namespace", "creationTimestamp", "uid", "resourceVersion", "generation");
  metadata?.end();
  fields.end();
  const label = kind === "" ? `document ${index + 1}` : `${kind} ${JSON.stringify(name)}`;
  context.faults.push(
    ...report.faults.map((fault) => ({ ...fault, path: `${label}: ${fault.path}` })),
  );
  context.warnings.push(...report.warnings.map((warning) => `${label}: ${warning}`));
  return objects;
}

interface Metadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The whole file. */
  readonly text: string;
}

function parseKind(kind: string, fields: KubeFields, metadata: Metadata): readonly KubeObject[] {
  const { name, labels } = metadata;
  switch (kind) {
    case "Pod":
      return [parsePod(fields, metadata)];
    case "Deployment":
      return parseDeployment(fields, metadata);
    case "ConfigMap":
      return [
        { kind, name, data: new Map([...texts(fields, "data"), ...binary(fields, "binaryData")]) },
      ];
    case "Secret":
      fields.skip("type", "immutable");
      return [
        { kind, name, data: new Map([...binary(fields, "data"), ...texts(fields, "stringData")]) },
      ];
    case "PersistentVolumeClaim":
      // How large it is and who may use it is the machine's business here.
      fields.skip("spec");
      return [{ kind, name, labels }];
    default:
      fields.skip("spec", "data");
      fields.warn("kind", "documents of this kind are ignored");
      return [];
  }
}

/** A key becomes the name of a file. */
const KEY = /^(?!\.\.|\.$)[-._a-zA-Z0-9]{1,253}$/;

function entriesOf(fields: KubeFields, name: string): readonly (readonly [string, string])[] {
  return Object.entries(fields.textMap(name)).filter(([key]) => {
    const isKey = KEY.test(key);
    if (!isKey) {
      fields.fault(`${name}.${key}`, "its key is not made of letters, digits, _, . and -");
    }
    return isKey;
  });
}

function texts(fields: KubeFields, name: string): readonly (readonly [string, Uint8Array])[] {
  fields.skip("immutable");
  const encoder = new TextEncoder();
  return entriesOf(fields, name).map(([key, value]) => [key, encoder.encode(value)]);
}

function binary(fields: KubeFields, name: string): readonly (readonly [string, Uint8Array])[] {
  return entriesOf(fields, name).flatMap(([key, value]) => {
    try {
      return [[key, Uint8Array.fromBase64(value)] as const];
    } catch {
      fields.fault(`${name}.${key}`, "it is no base64");
      return [];
    }
  });
}

function parsePod(fields: KubeFields, metadata: Metadata): KubePod {
  const { name, labels, annotations, text } = metadata;
  const spec = fields.object("spec") ?? new KubeFields({}, "spec", fields.report);
  return {
    kind: "Pod",
    name,
    labels,
    annotations,
    deployment: undefined,
    spec: parsePodSpec(spec, text),
  };
}

/** Podman plays one pod of a deployment, whatever `replicas` says; here there are as many. */
function parseDeployment(fields: KubeFields, { name, text }: Metadata): readonly KubeObject[] {
  const spec = fields.object("spec") ?? new KubeFields({}, "spec", fields.report);
  const replicas = spec.integer("replicas", 0, MOST_REPLICAS) ?? 1;
  spec.skip("selector", "strategy", "revisionHistoryLimit", "progressDeadlineSeconds");
  const template = spec.object("template");
  if (template === undefined) {
    spec.fault("template", "required");
    return [];
  }
  const metadata = template.object("metadata");
  const labels = metadata?.textMap("labels") ?? {};
  const annotations = metadata?.textMap("annotations") ?? {};
  metadata?.skip("name", "creationTimestamp");
  metadata?.end();
  const metadataOfPod = { name: `${name}-pod`, labels, annotations, text };
  const pod = { ...parsePod(template, metadataOfPod), deployment: name };
  template.end();
  spec.end();
  const pods =
    replicas === 1
      ? [pod]
      : Array.from({ length: replicas }, (_, index) => ({ ...pod, name: `${pod.name}-${index}` }));
  return [{ kind: "Deployment", name }, ...pods];
}
