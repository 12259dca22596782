// Stopping every process of a container, and letting them go on.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import { pause } from "../sys/pause.ts";
import {
  parseKeyedLines,
  readControlIfExists,
  tryWriteControl,
  writeControl,
} from "./control-file.ts";
import { waitForChange } from "./file-watch.ts";
import { NO_CGROUP_HINT } from "./no-cgroup-hint.ts";
import type { ContainerCgroup } from "./types.ts";

const FREEZE_TIMEOUT_MS = 10_000;
const V1_ATTEMPTS = 1000;
const V1_REST_EVERY = 50;
const V1_REST_MS = 10;
const V1_LOOK_AGAIN_MS = 0.1;
const V1_STATE_AGAIN_MS = 1;

/** Returns when all processes stand still. A freeze that does not succeed is taken back. */
export function freeze(cgroup: ContainerCgroup): void {
  if (cgroup.tree === "v2") {
    freezeV2(cgroup.path);
  } else {
    freezeV1(freezerOf(cgroup));
  }
}

export function thaw(cgroup: ContainerCgroup): void {
  if (cgroup.tree === "v2") {
    const result = tryWriteControl(cgroup.path, "cgroup.freeze", "0");
    // A kernel before 5.2 has no freezer, so there is nothing to thaw.
    if (result < 0 && result !== -Errno.ENOENT) {
      throw systemError(-result, "thaw", quote(cgroup.path));
    }
  } else {
    writeControl(freezerOf(cgroup), "freezer.state", "THAWED");
  }
}

/** Of the container itself: a frozen cgroup above it does not count. */
export function isFrozen(cgroup: ContainerCgroup): boolean {
  switch (cgroup.tree) {
    case "none":
      return false;
    case "v2":
      return readControlIfExists(cgroup.path, "cgroup.freeze")?.trim() === "1";
    case "v1": {
      const freezer = cgroup.paths["freezer"];
      return freezer !== undefined && isFrozenV1(freezer);
    }
  }
}

function freezerOf(cgroup: ContainerCgroup): string {
  const freezer = cgroup.tree === "v1" ? cgroup.paths["freezer"] : undefined;
  if (freezer === undefined) {
    throw new OcicatError("unsupported", {
      operation: "freeze",
      subject: "the container",
      reason: "cannot toggle freezer: cgroups not configured for container",
      ...(cgroup.rootless ? { hint: NO_CGROUP_HINT } : {}),
    });
  }
  return freezer;
}

function freezeV2(path: string): void {
  const result = tryWriteControl(path, "cgroup.freeze", "1");
  if (result < 0) {
    throw systemError(-result, "freeze", quote(path));
  }
  const isDone = (): boolean => isPathFrozenV2(path);
  if (!waitForChange(`${path}/cgroup.events`, isDone, FREEZE_TIMEOUT_MS)) {
    tryWriteControl(path, "cgroup.freeze", "0");
    throw stuck(path);
  }
}

function isPathFrozenV2(path: string): boolean {
  const events = readControlIfExists(path, "cgroup.events") ?? "";
  return parseKeyedLines(events).get("frozen") === "1";
}

/**
 * Processes that appear while the kernel freezes leave a v1 cgroup in FREEZING: writing again takes
 * them in. Now and then everything is let go for a moment, which helps on a slow machine.
 */
function freezeV1(path: string): void {
  for (let attempt = 1; attempt <= V1_ATTEMPTS; attempt += 1) {
    if (attempt % V1_REST_EVERY === 0) {
      tryWriteControl(path, "freezer.state", "THAWED");
      pause(V1_REST_MS);
    }
    const result = tryWriteControl(path, "freezer.state", "FROZEN");
    if (result < 0) {
      throw systemError(-result, "freeze", quote(path));
    }
    if (readControlIfExists(path, "freezer.state")?.trim() === "FROZEN") {
      return;
    }
    pause(V1_LOOK_AGAIN_MS);
  }
  tryWriteControl(path, "freezer.state", "THAWED");
  throw stuck(path);
}

function isFrozenV1(path: string): boolean {
  const deadline = performance.now() + FREEZE_TIMEOUT_MS;
  let state = readControlIfExists(path, "freezer.state")?.trim();
  while (state === "FREEZING" && performance.now() < deadline) {
    pause(V1_STATE_AGAIN_MS);
    state = readControlIfExists(path, "freezer.state")?.trim();
  }
  return state === "FROZEN" && readControlIfExists(path, "freezer.self_freezing")?.trim() !== "0";
}

function stuck(path: string): OcicatError {
  return new OcicatError("timeout", {
    operation: "freeze",
    subject: quote(path),
    reason: "unable to freeze: a process does not stand still",
  });
}
