// spec of a Pod, or of a Deployment's template.

import type { RestartPolicy } from "../containers/restart-policy.ts";
import type { RunNames } from "../run-names.ts";
import type { KubeFields } from "./kube-fields.ts";
import type { KubeContainer, KubePodSpec, KubeVolume } from "./kube-objects.ts";
import { parseContainer, parseInitContainer, parseSecurity } from "./parse-container.ts";
import { parseVolume } from "./parse-volume.ts";

const RESTARTS: Readonly<Record<"Always" | "OnFailure" | "Never", RestartPolicy>> = {
  Always: { kind: "always" },
  OnFailure: { kind: "on-failure", maxRetries: 0 },
  Never: { kind: "no" },
};

/** `text`: the whole file, which tells how numbers were written. */
export function parsePodSpec(fields: KubeFields, text: string): KubePodSpec {
  const grace = fields.integer("terminationGracePeriodSeconds", 0, 1_000_000);
  const security = fields.object("securityContext");
  const spec = {
    initContainers: fields.objects("initContainers").map(parseInitContainer),
    containers: fields.objects("containers").map(parseContainer),
    volumes: fields.objects("volumes").flatMap((volume) => parseVolume(volume, text)),
    restart: RESTARTS[fields.choice("restartPolicy", ["Always", "OnFailure", "Never"]) ?? "Always"],
    hostNetwork: fields.flag("hostNetwork"),
    hostPid: fields.flag("hostPID"),
    hostIpc: fields.flag("hostIPC"),
    sharesProcesses: fields.flag("shareProcessNamespace"),
    hostname: fields.text("hostname"),
    stopTimeoutMs: grace === undefined ? undefined : grace * 1000,
    names: parseNames(fields),
    security: parseSecurity(security),
    groups: parseGroups(security),
    volumeGroup: security?.integer("fsGroup"),
    sysctls: parseSysctls(security),
  };
  security?.end();
  fields.skip("schedulerName", "dnsPolicy", "enableServiceLinks", "nodeName");
  if (spec.containers.length === 0) {
    fields.fault("containers", "required");
  }
  checkNames(fields, [...spec.initContainers, ...spec.containers]);
  checkVolumeNames(fields, spec.volumes);
  checkMounts(fields, spec);
  fields.end();
  return spec;
}

function checkNames(fields: KubeFields, containers: readonly KubeContainer[]): void {
  for (const { name } of repeated(containers, (container) => container.name)) {
    fields.fault("containers", `${JSON.stringify(name)} is there twice`);
  }
}

function checkVolumeNames(fields: KubeFields, volumes: readonly KubeVolume[]): void {
  for (const { name, place } of repeated(volumes, (volume) => volume.name)) {
    const reason = `there is another volume ${JSON.stringify(name)}`;
    fields.report.faults.push({ path: `${place}.name`, reason });
  }
}

/** Those that come behind one with the same name. */
function repeated<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const name = nameOf(item);
    const isRepeated = seen.has(name);
    seen.add(name);
    return isRepeated;
  });
}

function checkMounts(
  fields: KubeFields,
  spec: Pick<KubePodSpec, "containers" | "initContainers" | "volumes">,
): void {
  const known = new Set(spec.volumes.map(({ name }) => name));
  for (const { mounts } of [...spec.initContainers, ...spec.containers]) {
    for (const { volume, place } of mounts.filter((mount) => !known.has(mount.volume))) {
      const reason = `there is no volume ${JSON.stringify(volume)}`;
      fields.report.faults.push({ path: `${place}.name`, reason });
    }
    for (const { path, place } of repeated(mounts, (mount) => mount.path)) {
      const reason = `another volume is mounted at ${JSON.stringify(path)}`;
      fields.report.faults.push({ path: `${place}.mountPath`, reason });
    }
  }
}

function parseGroups(security: KubeFields | undefined): readonly number[] {
  const own = security?.integer("fsGroup");
  const further = security?.integers("supplementalGroups") ?? [];
  return own === undefined ? further : [own, ...further];
}

function parseSysctls(security: KubeFields | undefined): Readonly<Record<string, string>> {
  const pairs = (security?.objects("sysctls") ?? []).map((fields) => {
    const pair = [fields.requiredText("name"), fields.requiredText("value")] as const;
    fields.end();
    return pair;
  });
  return Object.fromEntries(pairs);
}

function parseNames(fields: KubeFields): RunNames {
  const hosts = fields.objects("hostAliases").flatMap((alias) => {
    const address = alias.requiredText("ip");
    const names = alias.texts("hostnames") ?? [];
    alias.end();
    return names.map((name) => ({ name, address }));
  });
  const dns = fields.object("dnsConfig");
  const resolverOptions = (dns?.objects("options") ?? []).map((option) => {
    const name = option.requiredText("name");
    const value = option.text("value");
    option.end();
    return value === undefined ? name : `${name}:${value}`;
  });
  const names = {
    hosts,
    servers: dns?.texts("nameservers") ?? [],
    searchDomains: dns?.texts("searches") ?? [],
    resolverOptions,
  };
  dns?.end();
  return names;
}
