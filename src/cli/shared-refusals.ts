// Why something of the peers can't be had, where commands and flags alike are refused for it.

import type { Refusal } from "./parse-command-line.ts";

export const BUILDING: Refusal = {
  reason: "images are not built here",
  hint: "`docker build` or `buildah build` makes one, `ocicat load` takes it",
};
export const NO_ADDRESSES: Refusal = { reason: "there are no networks with addresses yet" };
export const NO_PORTS: Refusal = {
  reason: "there are no networks with ports yet",
  hint: "--network host has the host's ports",
};
export const ONE_PATIENCE: Refusal = {
  reason: "the setting registry.attempts says it for all",
  hint: "ocicat config",
};
