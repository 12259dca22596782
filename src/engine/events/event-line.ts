// An event as a line of the hot file (hot-events.ts) and as a document of the database of events:
//
//   {"version": 1, "time", "type", "action", "id", "name", "attributes": {NAME: TEXT}, "once"}
//
//   time       RFC 3339 in UTC, nine decimals
//   type       what it happened to: EVENT_TYPES
//   action     docker's name of what happened: "start", "die", "pull"
//   id, name   of what it happened to; an image's id is its digest
//   once       where it may be written twice by whoever repeats what was cut short: two events with the
//              same text here are one
//
// A line has at most LINE_BYTES, its two ends of line included, so that the kernel writes it as a whole.
// What is too long for that is shortened; labels, which come last, are left out first.

import { encodeText } from "../../sys/memory.ts";

const VERSION = 1;
export const LINE_BYTES = 4096;
/** Of a text in a line that would be too long: as JSON a character has up to six bytes. */
const SHORT_TEXT = 128;

export const EVENT_TYPES = [
  "container",
  "image",
  "volume",
  "pod",
  "network",
  "system",
  "secret",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export interface EngineEvent {
  readonly type: EventType;
  readonly action: string;
  readonly id: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly once?: string;
}

export interface RecordedEvent extends EngineEvent {
  /** RFC 3339 in UTC with nine decimals. */
  readonly time: string;
}

/**
 * The end of a line stands before it, too: what a killed process has left unfinished does not damage
 * the event behind it.
 */
export function encodeEvent(event: EngineEvent, time: string): Uint8Array<ArrayBuffer> {
  const line = encodeText(lineOf(event, time));
  return line.length <= LINE_BYTES ? line : encodeText(shortLine(event, time));
}

function lineOf(event: EngineEvent, time: string): string {
  const { type, action, id, name, attributes, once } = event;
  const fields = { version: VERSION, time, type, action, id, name, attributes, once };
  return `\n${JSON.stringify(fields)}\n`;
}

function shortLine(event: EngineEvent, time: string): string {
  const { type, once } = event;
  const short = {
    type,
    action: event.action.slice(0, SHORT_TEXT),
    id: event.id.slice(0, SHORT_TEXT),
    name: event.name.slice(0, SHORT_TEXT),
    ...(once === undefined ? {} : { once }),
  };
  const kept: [string, string][] = [];
  let line = lineOf({ ...short, attributes: {} }, time);
  for (const [key, value] of Object.entries(event.attributes)) {
    kept.push([key, value]);
    const longer = lineOf({ ...short, attributes: Object.fromEntries(kept) }, time);
    if (encodeText(longer).length > LINE_BYTES) {
      break;
    }
    line = longer;
  }
  return line;
}

/** Undefined: no event, or one of a later version. */
export function parseEvent(line: string): RecordedEvent | undefined {
  const fields = parseFields(line);
  const type = EVENT_TYPES.find((each) => each === fields.get("type"));
  if (fields.get("version") !== VERSION || type === undefined) {
    return undefined;
  }
  const text = (name: string): string => String(fields.get(name) ?? "");
  const once = fields.get("once");
  return {
    time: text("time"),
    type,
    action: text("action"),
    id: text("id"),
    name: text("name"),
    attributes: parseAttributes(fields.get("attributes")),
    ...(typeof once === "string" ? { once } : {}),
  };
}

function parseFields(line: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

function parseAttributes(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) {
    return {};
  }
  const texts = Object.entries(value).map(([key, text]) => [key, String(text)] as const);
  return Object.fromEntries(texts);
}
