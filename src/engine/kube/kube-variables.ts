// The variables of a container: what stands in the document, in maps, in secrets, and what is true of the
// pod. Values of secrets are named here, and are nowhere but in the store of secrets. No I/O.

import type { RunSecret } from "../run-options.ts";
import type { KubeContext } from "./kube-context.ts";
import type { KubeContainer, KubePod, KubeVariable, KubeVariableSource } from "./kube-objects.ts";

export interface KubeVariables {
  readonly values: ReadonlyMap<string, string>;
  readonly secrets: readonly Extract<RunSecret, { readonly kind: "env" }>[];
}

export function containerVariables(
  pod: KubePod,
  container: KubeContainer,
  context: KubeContext,
): KubeVariables {
  const values = new Map<string, string>();
  const secrets = new Map<string, string>();
  const set = (name: string, found: Found | undefined): void => {
    values.delete(name);
    secrets.delete(name);
    if (found?.kind === "value") {
      values.set(name, found.value);
    } else if (found !== undefined) {
      secrets.set(name, found.stored);
    }
  };
  for (const source of container.variableSources) {
    for (const [key, found] of allKeys(source, context, container.name)) {
      set(`${source.prefix}${key}`, found);
    }
  }
  for (const { name, from } of container.variables) {
    const place = `container ${JSON.stringify(container.name)}, variable ${name}`;
    const found = findValue(from, { pod, context, place });
    set(name, found?.kind === "value" ? { ...found, value: expand(found.value, values) } : found);
  }
  return {
    values,
    secrets: [...secrets].map(([target, name]) => ({ kind: "env", name, target })),
  };
}

type Found =
  | { readonly kind: "value"; readonly value: string }
  /** The name of a stored secret. */
  | { readonly kind: "secret"; readonly stored: string };

interface Place {
  readonly pod: KubePod;
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

function fieldOf(path: string, { pod, context, place }: Place): string {
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") {
    return pod[map][key] ?? "";
  }
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": pod.name,
    "metadata.namespace": "default",
    "spec.nodeName": context.nodeName,
    "spec.serviceAccountName": "default",
    "status.hostIP": "127.0.0.1",
    "status.podIP": "127.0.0.1",
  };
  if (!Object.hasOwn(fields, path)) {
    context.fault(place, `the field ${JSON.stringify(path)} is not known here`);
  }
  return fields[path] ?? "";
}

/** $(NAME) is the value of a variable before; $$(NAME) stands for itself, as does an unknown one. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(\$|\(([^()\s]+)\))/g, (whole, dollar: string, name: string) =>
    dollar === "$" ? "$" : (values.get(name) ?? whole),
  );
}
