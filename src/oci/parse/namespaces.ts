// Reads what `linux` says about namespaces, and what in the document needs one of them: id maps,
// time offsets, sysctls, host names. Sources: config-linux.md; namespaces(7).

import { CLOCKS, NAMESPACE_TYPES, type NamespaceType } from "../linux.ts";
import { sysctlNamespace, sysctlPath } from "../sysctl.ts";
import type { Fields } from "./fields.ts";
import { checkIdMappings } from "./id-mappings.ts";
import { shown } from "./scalars.ts";
import { absolutePath, path } from "./text-rules.ts";

/** The listed namespaces: "new", or "joined" when they have a path. */
export type Namespaces = ReadonlyMap<NamespaceType, "new" | "joined">;

export function checkNamespaces(linux: Fields): Namespaces {
  const namespaces = new Map<NamespaceType, "new" | "joined">();
  linux.objects("namespaces", (namespace) => {
    namespace.required("type");
    const type = namespace.choice("type", NAMESPACE_TYPES);
    const isJoined = namespace.has("path") && namespace.text("path", absolutePath) !== undefined;
    if (type === undefined) {
      return;
    }
    if (namespaces.has(type)) {
      namespace.fault("type", `${shown(type)} occurs twice`);
    }
    namespaces.set(type, isJoined ? "joined" : "new");
  });
  return namespaces;
}

export function checkUserNamespace(linux: Fields, namespaces: Namespaces): void {
  const user = namespaces.get("user");
  for (const name of ["uidMappings", "gidMappings"] as const) {
    const hasMappings = checkIdMappings(linux, name);
    if (hasMappings && user === undefined) {
      linux.fault(name, "needs a user namespace");
    }
    if (!hasMappings && user === "new") {
      linux.fault(name, "required for a new user namespace");
    }
  }
}

/** The kernel's KTIME_SEC_MAX: nanoseconds in 63 bits. */
const OFFSET_SECONDS_MAX = 9_223_372_036;

export function checkTimeOffsets(linux: Fields, namespaces: Namespaces): void {
  let count = 0;
  linux.record("timeOffsets", (offset, clock) => {
    count += 1;
    if (!(CLOCKS as readonly string[]).includes(clock)) {
      linux.fault("timeOffsets", `the clock is none of ${CLOCKS.join(", ")}`, clock);
    }
    offset.integer("secs", -OFFSET_SECONDS_MAX, OFFSET_SECONDS_MAX);
    offset.integer("nanosecs", 0, 999_999_999);
  });
  if (count > 0 && namespaces.get("time") !== "new") {
    linux.fault("timeOffsets", "needs a new time namespace");
  }
}

export function checkSysctl(linux: Fields, namespaces: Namespaces): void {
  linux.textRecord("sysctl", (name) => {
    const file = sysctlPath(name);
    if (file === undefined) {
      return "is not the name of a kernel parameter";
    }
    const type = sysctlNamespace(file);
    if (type === undefined) {
      return "belongs to the whole host";
    }
    if (!namespaces.has(type)) {
      return `needs ${withArticle(type)} namespace`;
    }
    return file === "kernel/hostname" ? "conflicts with the property hostname" : undefined;
  });
}

function withArticle(type: NamespaceType): string {
  return type === "ipc" ? "an ipc" : `a ${type}`;
}

/** `hostname` and `domainname`: __NEW_UTS_LEN. */
const HOST_NAME_LENGTH_MAX = 64;

export function checkHostNames(spec: Fields, namespaces: Namespaces): void {
  for (const name of ["hostname", "domainname"]) {
    const value = spec.text(name, hostName);
    if (value !== undefined && !namespaces.has("uts")) {
      spec.fault(name, "needs a uts namespace");
    }
  }
}

function hostName(value: string): string | undefined {
  return value.length > HOST_NAME_LENGTH_MAX
    ? `${shown(value)} is longer than ${HOST_NAME_LENGTH_MAX} characters`
    : undefined;
}

/** A relative path counts from a place that the runtime chooses, so ".." could leave it. */
export function cgroupsPath(value: string): string | undefined {
  if (value.split("/").includes("..")) {
    return `${shown(value)} has ".." in it`;
  }
  return path(value);
}
