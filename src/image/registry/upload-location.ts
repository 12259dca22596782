// Where an upload goes on, from the header Location: an address or a part of one, with a query that has
// to stay as it is.

import { quote } from "../../error/ocicat-error.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { RegistryError, type Task } from "./registry-error.ts";

export function uploadLocation(task: Task, answer: HttpAnswer): URL {
  const { url } = answer;
  const written = answer.headers.get("location");
  if (written === null || !URL.canParse(written, url.href)) {
    throw refused(task, answer, "does not say where the upload goes on");
  }
  const location = new URL(written, url);
  // Behind a proxy that ends TLS, registries write the address as they see it.
  if (
    location.protocol === "http:" &&
    url.protocol === "https:" &&
    location.hostname === url.hostname
  ) {
    location.protocol = "https:";
    location.port = url.port;
  }
  const isSafe = location.protocol === "https:" || location.protocol === url.protocol;
  if (!isSafe || location.username !== "") {
    throw refused(task, answer, "sends the upload to where it would not be safe");
  }
  return location;
}

function refused(task: Task, answer: HttpAnswer, what: string): RegistryError {
  return new RegistryError("unavailable", { ...task, reason: `${quote(answer.url.host)} ${what}` });
}
