// How events are printed: a line as docker's, docker's JSON, or a template.

import type { RecordedEvent } from "../engine/events/event-line.ts";
import { printable } from "./terminal/printable.ts";
import { shortId } from "./terminal/short-id.ts";
import { Template } from "./terminal/template/template.ts";

const SECONDS_LENGTH = "2026-11-29T18:24:57".length;

/** Checks the template. `isShort`: with the first twelve digits of IDs. */
export function eventPrinter(
  format: string | undefined,
  isShort: boolean,
): (event: RecordedEvent) => string {
  const shorten = (event: RecordedEvent): RecordedEvent =>
    isShort ? { ...event, id: shortId(event.id) } : event;
  if (format === undefined || format === "") {
    return (event) => printable(eventLine(shorten(event)));
  }
  if (format === "json" || format === "{{json .}}") {
    return (event) => eventJson(shorten(event));
  }
  const template = new Template(format);
  return (event) => printable(template.render(fieldsOf(shorten(event))));
}

/** "2026-11-29T18:24:57.123456789Z container start ID (image=busybox, name=web)" */
export function eventLine(event: RecordedEvent): string {
  const attributes = Object.entries(attributesOf(event))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const line = `${localTime(event.time)} ${event.type} ${event.action} ${event.id}`;
  const text = attributes.length === 0 ? line : `${line} (${attributes.join(", ")})`;
  return text.replaceAll("\n", "\\n");
}

/** Of docker's interface: one line. */
export function eventJson(event: RecordedEvent): string {
  const { type, action, id, attributes } = event;
  const from = attributes["image"];
  const fields = {
    status: action,
    id,
    ...(from === undefined ? {} : { from }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributesOf(event) },
    scope: "local",
    time: secondsOf(event.time),
  };
  // More digits than a number has.
  return `${JSON.stringify(fields).slice(0, -1)},"timeNano":${nanosecondsOf(event.time)}}`;
}

/** What templates of docker and of podman ask for. */
function fieldsOf(event: RecordedEvent): Readonly<Record<string, unknown>> {
  const { type, action, id, name, attributes } = event;
  const image = attributes["image"] ?? (type === "image" ? name : "");
  const all = attributesOf(event);
  return {
    Type: type,
    Action: action,
    Status: action,
    ID: id,
    Name: name,
    Image: image,
    From: image,
    Actor: { ID: id, Attributes: all },
    Attributes: all,
    Scope: "local",
    Time: secondsOf(event.time),
    TimeNano: nanosecondsOf(event.time),
  };
}

function attributesOf({ name, attributes }: RecordedEvent): Readonly<Record<string, string>> {
  return name === "" ? attributes : { ...attributes, name };
}

function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

function nanosecondsOf(time: string): string {
  return `${secondsOf(time)}${time.slice(SECONDS_LENGTH + 1, -1)}`;
}

/** As docker writes it: all nine decimals, in the local time zone. */
function localTime(time: string): string {
  const moment = new Date(time);
  const aheadMinutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + aheadMinutes * 60_000).toISOString();
  const zone = aheadMinutes === 0 ? "Z" : zoneOf(aheadMinutes);
  return `${local.slice(0, SECONDS_LENGTH)}${time.slice(SECONDS_LENGTH, -1)}${zone}`;
}

function zoneOf(aheadMinutes: number): string {
  const minutes = Math.abs(aheadMinutes);
  const digits = (value: number): string => String(value).padStart(2, "0");
  const sign = aheadMinutes < 0 ? "-" : "+";
  return `${sign}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`;
}
