// system info: versions, folders, the store, the machine, registries.

import { describeSystem, type SystemDescription } from "../../engine/system/describe-system.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { humanSize } from "../terminal/sizes.ts";
import { Template } from "../terminal/template/template.ts";
import { writeOutput } from "../write-text.ts";
import { dockerFields } from "./docker-fields.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

const INFO_FLAGS = {
  format: { kind: "text", aliases: ["f"], value: "FORMAT", help: "json or a Go template" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const info = defineCommand({
  usage: ["[--format json|TEMPLATE]"],
  about: `Shows versions, the store, what this machine has for containers, and registries.

Of --format, docker's names are understood, too: .Containers .Images .ServerVersion .NCPU .MemTotal ...`,
  flags: INFO_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat info", "ocicat info --format '{{.store.layerFormat.format}}'"],
  act: showInfo,
});

async function showInfo(flags: FlagsOf<typeof INFO_FLAGS>): Promise<number> {
  const format = flags.text("format");
  const template = format === undefined || format === "json" ? undefined : new Template(format);
  const description = await describeSystem(placeOptions(flags));
  const fields = { ...description, ...dockerFields(description) };
  if (template !== undefined) {
    writeOutput(`${template.render(fields)}\n`);
  } else if (format === "json") {
    writeOutput(`${JSON.stringify(fields, undefined, 2)}\n`);
  } else {
    writeOutput(text(description));
  }
  return 0;
}

function text(system: SystemDescription): string {
  const { host, store, registries, configurationFiles } = system;
  const { cgroups } = host;
  const mirrors = Object.entries(registries.mirrors).map(
    ([name, list]) => `${name}: ${list.join(", ")}`,
  );
  return lines([
    ["Version", `${system.version} (OCI runtime ${system.specVersion}, Bun ${system.bunVersion})`],
    ["Rootless", system.rootless ? "yes" : "no"],
    ["Operating system", host.operatingSystem],
    ["Kernel", `${host.kernel} ${host.architecture}`],
    ["CPUs", String(host.cpus)],
    ["Memory", humanSize(host.memoryBytes, 4)],
    ["Cgroups", `${cgroups.layout}${cgroups.systemd ? ", with systemd" : ""}`],
    ["  Controllers", listed(cgroups.controllers)],
    ["Security", listed(host.security)],
    ["Store", `${store.root} (${humanSize(store.freeBytes)} free)`],
    ["  New layers", `${store.layerFormat.format}: ${store.layerFormat.reason}`],
    ["  Images", String(store.images)],
    ["  Containers", `${store.containers}, ${store.running} running`],
    ["  Supervisor", store.supervisorPid === undefined ? "none" : `process ${store.supervisorPid}`],
    ["State", store.stateRoot ?? "no folder"],
    ["Default registry", registries.default],
    ["  Insecure", listed(registries.insecure)],
    ["  Mirrors", listed(mirrors)],
    ["  Certificates", listed(registries.certsDirs)],
    ["Configuration", listed(configurationFiles)],
  ]);
}

const WIDTH = 18;

function lines(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(WIDTH)} ${value}\n`).join("");
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}
