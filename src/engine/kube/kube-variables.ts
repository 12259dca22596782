// The variables of a container: what stands in the document, in maps, in secrets, and what is true of the
// pod. Values of secrets are named here, and are nowhere but in the store of secrets. No I/O.

import type { RunSecret, SecretPart } from "../run-options.ts";
import type { KubeContext } from "./kube-context.ts";
import type { KubeContainer, KubePod, KubeVariable, KubeVariableSource } from "./kube-objects.ts";
import { resourceValue } from "./kube-resources.ts";

export interface KubeVariables {
  readonly values: ReadonlyMap<string, string>;
  readonly secrets: readonly Exclude<RunSecret, { readonly kind: "mount" }>[];
}

type Parts = readonly SecretPart[];

export function containerVariables(
  pod: KubePod,
  container: KubeContainer,
  context: KubeContext,
): KubeVariables {
  const variables = new Map<string, Parts>();
  const set = (name: string, found: Found | undefined): void => {
    // What is set again comes behind what it may refer to.
    variables.delete(name);
    if (found !== undefined) {
      variables.set(name, partsOf(name, found));
    }
  };
  for (const source of container.variableSources) {
    for (const [key, found] of allKeys(source, context, container.name)) {
      set(`${source.prefix}${key}`, found);
    }
  }
  for (const { name, from } of container.variables) {
    const place = `container ${JSON.stringify(container.name)}, variable ${name}`;
    const found = findValue(from, { pod, container, context, place });
    if (found?.kind === "value") {
      const parts = expandParts(found.value, variables);
      variables.delete(name);
      variables.set(name, parts);
    } else {
      set(name, found);
    }
  }
  const all = [...variables];
  return {
    values: new Map(all.flatMap(([name, parts]) => valueAlone(name, parts))),
    secrets: all.flatMap(([target, parts]) => secretsIn(target, parts)),
  };
}

function partsOf(variable: string, found: Found): Parts {
  return found.kind === "value" ? [found.value] : [{ secret: found.stored, variable }];
}

function isText(part: SecretPart): part is string {
  return typeof part === "string";
}

function valueAlone(name: string, parts: Parts): readonly (readonly [string, string])[] {
  return parts.every(isText) ? [[name, parts.join("")]] : [];
}

function secretsIn(target: string, parts: Parts): KubeVariables["secrets"] {
  const [first] = parts.flatMap((part) => (isText(part) ? [] : [part]));
  if (first === undefined) {
    return [];
  }
  const { secret: name, variable } = first;
  const isAlone = parts.length === 1 && variable === target;
  return [isAlone ? { kind: "env", name, target } : { kind: "text", name, target, parts }];
}

type Found =
  | { readonly kind: "value"; readonly value: string }
  /** The name of a stored secret. */
  | { readonly kind: "secret"; readonly stored: string };

interface Place {
  readonly pod: KubePod;
  readonly container: KubeContainer;
  readonly context: KubeContext;
  readonly place: string;
}

function findValue(from: KubeVariable["from"], at: Place): Found | undefined {
  const { context, place } = at;
  switch (from.kind) {
    case "value":
      return from;
    case "field":
      return { kind: "value", value: fieldOf(from.path, at) };
    case "resource":
      return { kind: "value", value: String(resourceOf(from, at)) };
    case "ConfigMap": {
      const bytes = context.maps.get(from.object)?.get(from.key);
      return bytes === undefined
        ? missing(from, from.key, { context, place })
        : { kind: "value", value: new TextDecoder().decode(bytes) };
    }
    case "Secret": {
      const stored = context.secrets.get(from.object)?.get(from.key);
      return stored === undefined
        ? missing(from, from.key, { context, place })
        : { kind: "secret", stored };
    }
  }
}

function allKeys(
  source: KubeVariableSource,
  context: KubeContext,
  container: string,
): readonly (readonly [string, Found])[] {
  const place = `container ${JSON.stringify(container)}, envFrom`;
  if (source.kind === "ConfigMap") {
    const map = context.maps.get(source.object);
    if (map === undefined) {
      missing(source, undefined, { context, place });
    }
    const decoder = new TextDecoder();
    return [...(map ?? [])].map(([key, bytes]) => [
      key,
      { kind: "value", value: decoder.decode(bytes) },
    ]);
  }
  const secret = context.secrets.get(source.object);
  if (secret === undefined) {
    missing(source, undefined, { context, place });
  }
  return [...(secret ?? [])].map(([key, stored]) => [key, { kind: "secret", stored }]);
}

function missing(
  { kind, object, optional }: Pick<KubeVariableSource, "kind" | "object" | "optional">,
  key: string | undefined,
  { context, place }: { readonly context: KubeContext; readonly place: string },
): undefined {
  if (!optional) {
    const what = key === undefined ? "" : ` with the key ${JSON.stringify(key)}`;
    context.fault(place, `there is no ${kind} ${JSON.stringify(object)}${what}`);
  }
  return undefined;
}

function resourceOf(
  { resource, container: name, divisor }: Extract<KubeVariable["from"], { kind: "resource" }>,
  { pod, container, context, place }: Place,
): number {
  const all = [...pod.spec.initContainers, ...pod.spec.containers];
  const asked = name === undefined ? container : all.find((each) => each.name === name);
  if (asked === undefined) {
    context.fault(place, `there is no container ${JSON.stringify(name)}`);
    return 0;
  }
  return Math.ceil(resourceValue(asked.resources, resource, context) / divisor);
}

function fieldOf(path: string, { pod, context, place }: Place): string {
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") {
    return pod[map][key] ?? "";
  }
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": pod.name,
    "metadata.namespace": "default",
    "metadata.uid": context.uidOf(pod.name),
    "spec.nodeName": context.nodeName,
    "spec.serviceAccountName": "default",
    "status.hostIP": "127.0.0.1",
    "status.hostIPs": "127.0.0.1",
    "status.podIP": "127.0.0.1",
    "status.podIPs": "127.0.0.1",
  };
  if (!Object.hasOwn(fields, path)) {
    context.fault(place, `the field ${JSON.stringify(path)} is not known here`);
  }
  return fields[path] ?? "";
}

const REFERENCE = /\$(\$|\(([^()\s]+)\))/g;

/** $(NAME) is the value of a variable before; $$(NAME) stands for itself, as does an unknown one. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(REFERENCE, (whole, dollar: string, name: string) =>
    dollar === "$" ? "$" : (values.get(name) ?? whole),
  );
}

/** The same, with secrets. */
function expandParts(text: string, variables: ReadonlyMap<string, Parts>): Parts {
  const parts: SecretPart[] = [];
  let end = 0;
  for (const { 0: whole, 1: dollar, 2: name = "", index } of text.matchAll(REFERENCE)) {
    parts.push(text.slice(end, index));
    parts.push(...(dollar === "$" ? ["$"] : (variables.get(name) ?? [whole])));
    end = index + whole.length;
  }
  return joined([...parts, text.slice(end)]);
}

/** Texts beside each other are one. */
function joined(parts: Parts): Parts {
  const all: SecretPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (isText(part) && last !== undefined && isText(last)) {
      all[all.length - 1] = last + part;
    } else {
      all.push(part);
    }
  }
  return all.filter((part) => part !== "");
}

/** The variables that a text refers to and that have secrets in them. */
export function referredSecrets(
  text: string,
  secrets: KubeVariables["secrets"],
): readonly string[] {
  const names = [...text.matchAll(REFERENCE)].map(([, , name = ""]) => name);
  return names.filter((name) => secrets.some(({ target }) => target === name));
}
