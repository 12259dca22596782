import { expect, test } from "bun:test";
import type { ContainerStatus } from "../containers/container-status.ts";
import { type PodState, podState } from "./pod-status.ts";

type Kind = ContainerStatus["kind"];

test.each<readonly [PodState, readonly Kind[]]>([
  ["Created", ["created", "created"]],
  ["Running", ["running", "running"]],
  ["Degraded", ["running", "created"]],
  ["Degraded", ["running", "exited", "lost"]],
  ["Paused", ["paused", "paused"]],
  ["Exited", ["exited", "exited"]],
  ["Stopped", ["exited", "created"]],
  ["Stopped", ["exited", "lost"]],
  ["Dead", ["lost", "created"]],
])("%s", (state, kinds) => {
  expect(podState(kinds.map((kind) => ({ kind })))).toBe(state);
});
