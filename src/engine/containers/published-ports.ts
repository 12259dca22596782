// The ports of a container that its host has, too. There are none while no network has ports.

import type { SurroundingsOptions } from "../surroundings.ts";
import { openContainer } from "./stored-container.ts";

export interface PublishedPort {
  /** Of the container: "80/tcp". */
  readonly inside: string;
  /** Of the host: "0.0.0.0:8080". */
  readonly outside: string;
}

/** Throws "not-found" for an unknown container. */
export async function publishedPorts(
  word: string,
  options: SurroundingsOptions,
): Promise<readonly PublishedPort[]> {
  using _container = await openContainer(word, options);
  return [];
}
