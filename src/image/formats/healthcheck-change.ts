// HEALTHCHECK of a Dockerfile: "NONE", or "[OPTIONS] CMD command". Source: Docker's Dockerfile reference.

import { parseDuration } from "../../oci/duration.ts";
import type { Healthcheck } from "../../oci/image-spec.ts";

const NANOSECONDS = 1e6;
const MOST_RETRIES = 2 ** 31 - 1;

const TIMES: Readonly<Record<string, keyof Healthcheck>> = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
};

/** `readList`: a JSON list of texts, or undefined. Throws, by `refuse`, a text that says what is wrong. */
export function parseHealthcheck(
  value: string,
  readList: (text: string) => readonly string[] | undefined,
  refuse: (reason: string) => Error,
): Healthcheck {
  const match = /^((?:--\S+\s+)*)(NONE|CMD)(?:\s+(.*))?$/is.exec(value);
  const [, options = "", kind = "", command = ""] = match ?? [];
  const words = options.split(/\s+/).filter((word) => word !== "");
  if (kind.toUpperCase() === "NONE" && words.length === 0 && command === "") {
    return { Test: ["NONE"] };
  }
  if (kind.toUpperCase() !== "CMD" || command === "") {
    throw refuse("it is neither NONE nor [OPTIONS] CMD with a command");
  }
  const list = readList(command);
  const Test = list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list];
  return Object.assign({ Test }, ...words.map((word) => parseOption(word, refuse)));
}

function parseOption(word: string, refuse: (reason: string) => Error): Healthcheck {
  const [, name = "", text = ""] = /^--([a-z-]+)=(.+)$/.exec(word) ?? [];
  if (name === "retries" && /^\d{1,10}$/.test(text) && Number(text) <= MOST_RETRIES) {
    return { Retries: Number(text) };
  }
  const property = Object.hasOwn(TIMES, name) ? TIMES[name] : undefined;
  const time = parseDuration(text);
  if (property === undefined || time === undefined || (time > 0 && time < 1)) {
    const known = [...Object.keys(TIMES), "retries"].map((each) => `--${each}=`).join(", ");
    throw refuse(
      `${JSON.stringify(word)} is none of ${known} with a time of 1ms or more, or a number`,
    );
  }
  return { [property]: time * NANOSECONDS };
}
