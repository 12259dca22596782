// Reads `mounts`: config.md, section "Mounts".

import { isBindMount, isMountOption } from "../mount-options.ts";
import type { Fields } from "./fields.ts";
import { checkIdMappings } from "./id-mappings.ts";
import { shown } from "./scalars.ts";
import { path } from "./text-rules.ts";

/** `hasUserNamespace`: one of the container's own, whose maps an `idmap` without maps takes. */
export function checkMounts(spec: Fields, hasUserNamespace: boolean): void {
  spec.objects("mounts", (mount) => checkMount(mount, hasUserNamespace));
}

function checkMount(mount: Fields, hasUserNamespace: boolean): void {
  mount.required("destination");
  const destination = mount.text("destination", path);
  if (destination !== undefined && !destination.startsWith("/")) {
    mount.warn("destination", `${shown(destination)} is relative, which is deprecated`);
  }
  const type = mount.text("type");
  const source = mount.text("source");
  const options = mount.texts("options");
  const isSound =
    mount.has("type") === (type !== undefined) && mount.has("options") === (options !== undefined);
  if (isSound) {
    checkKind(mount, { type, source, options: options ?? [] });
    checkIdMap(mount, { type, source, options: options ?? [] }, hasUserNamespace);
  }
}

interface Kind {
  readonly type: string | undefined;
  readonly source: string | undefined;
  readonly options: readonly string[];
}

function checkKind(mount: Fields, { type, source, options }: Kind): void {
  if (isBindMount({ type, options })) {
    checkBindMount(mount, options, source);
    return;
  }
  if (type === undefined && !options.includes("remount")) {
    mount.fault("type", "required, unless the options have bind or rbind");
  }
  if (options.includes("tmpcopyup") && type !== "tmpfs") {
    mount.fault("options", '"tmpcopyup" needs the type tmpfs');
  }
}

/** Configurations in the field have options that a bind mount cannot have: the kernel ignores them. */
function checkBindMount(
  mount: Fields,
  options: readonly string[],
  source: string | undefined,
): void {
  if (source === undefined && !options.includes("remount")) {
    mount.fault("source", "required for a bind mount");
  }
  let index = 0;
  for (const option of options) {
    if (!isMountOption(option) || option === "tmpcopyup") {
      mount.warn("options", `a bind mount cannot have ${shown(option)}, which is ignored`, index);
    }
    index += 1;
  }
}

/** Only mounts that exist can have their ids mapped; the kernel maps those of a new one as they come. */
function checkIdMap(mount: Fields, kind: Kind, hasUserNamespace: boolean): void {
  const { options } = kind;
  const hasUidMappings = checkIdMappings(mount, "uidMappings");
  const hasGidMappings = checkIdMappings(mount, "gidMappings");
  if (hasUidMappings !== hasGidMappings) {
    const missing = hasUidMappings ? "gidMappings" : "uidMappings";
    mount.fault(missing, "required: uidMappings and gidMappings go together");
  }
  const wantsMap = options.includes("idmap");
  const wantsRecursiveMap = options.includes("ridmap");
  if (wantsMap && wantsRecursiveMap) {
    mount.fault("options", '"idmap" and "ridmap" exclude each other');
  }
  const hasMappings = hasUidMappings || hasGidMappings;
  if ((wantsMap || wantsRecursiveMap || hasMappings) && !isBindMount(kind)) {
    mount.fault("options", "only a bind mount can be id-mapped");
  }
  if ((wantsMap || wantsRecursiveMap) && !hasMappings && !hasUserNamespace) {
    mount.fault("options", "an id-mapped mount needs uidMappings and gidMappings");
  }
}
