// events: what happens to containers, images and volumes, as it happens.

import { events } from "../engine/events/events.ts";
import { defineCommand } from "./command.ts";
import { PERIOD_FLAGS, parsePeriod } from "./containers/moments.ts";
import { eventPrinter } from "./event-formats.ts";
import type { FlagsOf, FlagTable } from "./flags.ts";
import { PLACE_FLAGS, placeOptions } from "./system/place-flags.ts";
import { writeOutput } from "./write-text.ts";

const EVENTS_FLAGS = {
  ...PERIOD_FLAGS,
  filter: {
    kind: "list",
    aliases: ["f"],
    value: "KEY=VALUE",
    help: "container, pod, image, volume, secret, type, event, label, scope",
  },
  format: { kind: "text", value: "FORMAT", help: "json or a Go template" },
  "no-stream": { kind: "switch", help: "end with what has happened by now" },
  stream: { kind: "switch", help: "go on, as without it; --stream=false is --no-stream" },
  "no-trunc": { kind: "switch", help: "whole IDs, as without it; --no-trunc=false shortens them" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const eventsCommand = defineCommand({
  usage: ["[FLAGS]"],
  about: `Shows what happens to containers, images and volumes, one line for each event, and goes on until it
is interrupted. Without --since, --until and --no-stream it begins with what happens from now on.

Filters of one key are alternatives, those of different keys have to hold together, and so have all labels.

Fields of --format: .Type .Action .Status .ID .Name .Image .From .Actor.ID .Actor.Attributes .Attributes
.Scope .Time .TimeNano`,
  notes: `Actions have docker's names: containers create, attach, start, pause, unpause, kill, top, resize, die,
stop, restart, rename, update and destroy. \`event=died\` and \`event=remove\`, podman's names, find die and
destroy, too.`,
  flags: EVENTS_FLAGS,
  args: { min: 0, max: 0 },
  examples: [
    "ocicat events",
    "ocicat events --since 1h --no-stream --filter type=container --filter event=die",
    "ocicat events --format '{{.Time}} {{.Action}} {{.Name}}'",
    "ocicat events --filter container=web --format json",
  ],
  act: showEvents,
});

async function showEvents(flags: FlagsOf<typeof EVENTS_FLAGS>): Promise<number> {
  const isShort = flags.isSet("no-trunc") && !flags.switch("no-trunc");
  const print = eventPrinter(flags.text("format"), isShort);
  const isStreamRefused = flags.isSet("stream") && !flags.switch("stream");
  const found = events({
    ...placeOptions(flags),
    filters: flags.list("filter"),
    follow: !(flags.switch("no-stream") || isStreamRefused),
    ...parsePeriod(flags),
  });
  for await (const event of found) {
    writeOutput(`${print(event)}\n`);
  }
  return 0;
}
