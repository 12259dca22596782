// port: where the host has a container's ports.

import { listContainers } from "../../engine/containers/list-containers.ts";
import { publishedPorts } from "../../engine/containers/published-ports.ts";
import type { SurroundingsOptions } from "../../engine/surroundings.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { shortId } from "../terminal/short-id.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions, requireNoNames } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";

export const port = defineCommand({
  usage: ["[FLAGS] CONTAINER [PORT[/PROTOCOL]]", "[FLAGS] --all"],
  about: `Shows which ports of the host lead to ports of a container, or to one of them. With --network host
a container has the host's own ports, and there is nothing to show.`,
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "of every container that runs" },
    ...LATEST_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 2, unless: (flags) => flags.switch("all") || isLatest(flags) },
  completes: "container",
  examples: ["ocicat port web", "ocicat port web 80/tcp"],
  async act(flags) {
    if (flags.switch("all")) {
      requireNoNames(flags.args, "all");
      return portsOfAll(placeOptions(flags));
    }
    const [word = "", wanted] = await withLatest(flags);
    const ports = await publishedPorts(word, placeOptions(flags));
    if (wanted === undefined) {
      writeOutput(ports.map(({ inside, outside }) => `${inside} -> ${outside}\n`).join(""));
      return 0;
    }
    const inside = parsePort(wanted);
    const found = ports.filter((each) => each.inside === inside);
    if (found.length === 0) {
      throw new OcicatError("not-found", {
        operation: "find",
        subject: `the port ${inside} of container ${quote(word)}`,
        reason: "it is not published",
      });
    }
    writeOutput(found.map(({ outside }) => `${outside}\n`).join(""));
    return 0;
  },
});

/** Podman's lines: each with the beginning of its container's ID. */
async function portsOfAll(place: SurroundingsOptions): Promise<number> {
  for (const { record } of await listContainers({ ...place, all: false })) {
    const ports = await publishedPorts(record.id, place);
    const lines = ports.map(({ inside, outside }) => `${inside} -> ${outside}\n`);
    writeOutput(lines.map((line) => `${shortId(record.id)}\t${line}`).join(""));
  }
  return 0;
}

const HIGHEST_PORT = 65_535;

/** "80" is "80/tcp". */
function parsePort(text: string): string {
  const [, digits = "", protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (digits === "" || Number(digits) > HIGHEST_PORT) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the port ${quote(text)}`,
      reason: "it is not of the form PORT or PORT/tcp",
    });
  }
  return `${digits}/${protocol}`;
}
