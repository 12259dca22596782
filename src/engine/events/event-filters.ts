// --filter of `ocicat events`. Filters of one key are alternatives; those of different keys, and all labels,
// have to hold together.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { hasLabel } from "../labels.ts";
import type { RecordedEvent } from "./event-line.ts";

type Condition = (event: RecordedEvent) => boolean;

/** "type=container", "label=KEY=VALUE". Throws "invalid-argument". */
export function eventCondition(filters: readonly string[]): Condition {
  const byKey = new Map<string, Condition[]>();
  const labels: Condition[] = [];
  for (const filter of filters) {
    const equals = filter.indexOf("=");
    const key = filter.slice(0, Math.max(equals, 0));
    const condition = conditionOf(key, filter.slice(equals + 1));
    if (condition === undefined) {
      throw unknownFilter(filter);
    }
    if (key === "label") {
      labels.push(condition);
    } else {
      byKey.set(key, [...(byKey.get(key) ?? []), condition]);
    }
  }
  const alternatives = [...byKey.values()];
  return (event) =>
    labels.every((holds) => holds(event)) &&
    alternatives.every((conditions) => conditions.some((holds) => holds(event)));
}

function conditionOf(key: string, wanted: string): Condition | undefined {
  switch (key) {
    case "container":
      return (event) => event.type === "container" && isNamed(event, wanted);
    case "pod":
      return (event) => (event.type === "pod" ? isNamed(event, wanted) : isOfPod(event, wanted));
    case "image":
      return (event) => isOfImage(event, wanted);
    case "volume":
    case "network":
    case "secret":
      return (event) => event.type === key && isNamed(event, wanted);
    case "scope":
      return () => wanted === "local";
    case "daemon":
      return ({ type }) => type === "system";
    case "type":
      return (event) => event.type === wanted;
    case "event":
      return eventNamed(wanted);
    case "label":
      return ({ attributes }) => hasLabel(attributes, wanted);
    default:
      return undefined;
  }
}

function isNamed({ id, name }: RecordedEvent, wanted: string): boolean {
  return wanted !== "" && (name === wanted || id.startsWith(wanted));
}

/** A container knows its pod by the whole ID. */
function isOfPod({ attributes }: RecordedEvent, wanted: string): boolean {
  return wanted !== "" && attributes["pod"]?.startsWith(wanted) === true;
}

/** By its name, with or without what stands behind the colon, or the beginning of its ID. */
function isOfImage({ type, id, name, attributes }: RecordedEvent, wanted: string): boolean {
  const isImage = type === "image";
  const isId = isImage && (id === wanted || id.replace(/^sha\d+:/, "").startsWith(wanted));
  const image = isImage ? name : attributes["image"];
  const isName = image === wanted || image?.replace(/:[^:/]*$/, "") === wanted;
  return wanted !== "" && (isId || isName);
}

/** Podman's names of what docker, and so this program, calls otherwise. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  died: ["die"],
  remove: ["destroy", "delete"],
  init: ["start"],
  exec: ["exec_start"],
  exec_died: ["exec_die"],
};

/** "exec_start" is "exec_start: sh -c true", too. */
function eventNamed(wanted: string): Condition {
  const names = [wanted, ...(OTHER_NAMES[wanted] ?? [])];
  return ({ action }) => names.some((name) => action === name || action.startsWith(`${name}: `));
}

const KEYS = "container, image, volume, network, pod, secret, daemon, scope, type, event and label";

function unknownFilter(filter: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `the filter ${quote(filter)}`,
    reason: "it is none that there is, with = and a value",
    hint: `there are ${KEYS}`,
  });
}
