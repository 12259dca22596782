// One entry of spec.volumes.

import { isInside } from "./inside-path.ts";
import type { KubeFields } from "./kube-fields.ts";
import { HOST_PATH_TYPES, type KubeVolume } from "./kube-objects.ts";
import { parseQuantity } from "./quantities.ts";

const DEFAULT_MODE = 0o644;
const HIGHEST_MODE = 0o777;

/** None where the kind of volume is not known here. */
export function parseVolume(fields: KubeFields, text: string): readonly KubeVolume[] {
  const base = { name: fields.requiredText("name"), place: fields.path };
  const kinds = {
    empty: fields.object("emptyDir"),
    host: fields.object("hostPath"),
    map: fields.object("configMap"),
    secret: fields.object("secret"),
    claim: fields.object("persistentVolumeClaim"),
  };
  fields.end();
  if (kinds.empty !== undefined) {
    return [{ ...base, ...parseEmpty(kinds.empty) }];
  }
  if (kinds.host !== undefined) {
    return [{ ...base, ...parseHostPath(kinds.host) }];
  }
  if (kinds.map !== undefined) {
    return [{ ...base, kind: "ConfigMap", ...parseFiles(kinds.map, "name", text) }];
  }
  if (kinds.secret !== undefined) {
    return [{ ...base, kind: "Secret", ...parseFiles(kinds.secret, "secretName", text) }];
  }
  if (kinds.claim !== undefined) {
    return [{ ...base, ...parseClaim(kinds.claim) }];
  }
  fields.fault(
    "name",
    "its volume is none of emptyDir, hostPath, configMap, secret, persistentVolumeClaim",
  );
  return [];
}

function parseEmpty(fields: KubeFields) {
  const isMemory = fields.choice("medium", ["", "Memory"]) === "Memory";
  const limit = fields.quantity("sizeLimit");
  const bytes = limit === undefined ? undefined : parseQuantity(limit);
  if (limit !== undefined && bytes === undefined) {
    fields.fault("sizeLimit", `${JSON.stringify(limit)} is no quantity`);
  } else if (limit !== undefined && !isMemory) {
    fields.warn("sizeLimit", "it is ignored: a folder on the disk has no limit");
  }
  fields.end();
  return { kind: "empty", isMemory, bytes } as const;
}

function parseHostPath(fields: KubeFields) {
  const path = fields.requiredText("path");
  if (path !== "" && !path.startsWith("/")) {
    fields.fault("path", "it is no absolute path");
  }
  const type = fields.choice("type", HOST_PATH_TYPES) ?? "";
  fields.end();
  return { kind: "host", path, type } as const;
}

function parseClaim(fields: KubeFields) {
  const claim = fields.requiredText("claimName");
  const readOnly = fields.flag("readOnly");
  fields.end();
  return { kind: "claim", claim, readOnly } as const;
}

function parseFiles(fields: KubeFields, nameField: "name" | "secretName", text: string) {
  const object = fields.requiredText(nameField);
  const mode = parseMode(fields, "defaultMode", text) ?? DEFAULT_MODE;
  const isChosen = fields.has("items");
  const items = fields.objects("items").map((item) => {
    const chosen = {
      key: item.requiredText("key"),
      path: item.requiredText("path"),
      mode: parseMode(item, "mode", text) ?? mode,
    };
    if (chosen.path !== "" && !isInside(chosen.path)) {
      item.fault("path", "it is no path inside of the volume");
    }
    item.end();
    return chosen;
  });
  checkDistinct(fields, items);
  const optional = fields.flag("optional");
  fields.end();
  return { object, mode, optional, items: isChosen ? items : undefined };
}

/** A file is at its place alone, and nothing is behind it. */
function checkDistinct(fields: KubeFields, items: readonly { readonly path: string }[]): void {
  const paths = items.map(({ path }) => path);
  for (const [index, path] of paths.entries()) {
    const others = paths.toSpliced(index, 1);
    if (others.some((other) => other === path || path.startsWith(`${other}/`))) {
      fields.fault(
        `items[${index}].path`,
        `another file is in the place of ${JSON.stringify(path)}`,
      );
    }
  }
}

/**
 * "0644" is octal for Kubernetes, whose YAML is of version 1.1, and 644 for version 1.2. The text tells
 * which it was.
 */
function parseMode(fields: KubeFields, name: "mode" | "defaultMode", text: string) {
  const value = fields.integer(name, 0, HIGHEST_MODE * 2);
  if (value === undefined) {
    return undefined;
  }
  const isOctal = new RegExp(`\\b${name}["']?:[ \\t]*0${value}\\b`).test(text);
  const mode = isOctal ? Number.parseInt(String(value), 8) : value;
  if (mode > HIGHEST_MODE || Number.isNaN(mode)) {
    fields.fault(name, "it is no mode from 0 to 0777");
  }
  return mode;
}
