import { expect, test } from "bun:test";
import { eventCondition } from "./event-filters.ts";
import type { RecordedEvent } from "./event-line.ts";

const DIE: RecordedEvent = {
  time: "2026-11-29T18:24:57.123456789Z",
  type: "container",
  action: "die",
  id: "4f2c00",
  name: "web",
  attributes: { image: "docker.io/library/nginx:1", tier: "front", pod: "shop" },
};

const PULL: RecordedEvent = {
  ...DIE,
  type: "image",
  action: "pull",
  id: "sha256:abcdef",
  name: "docker.io/library/nginx:1",
  attributes: {},
};

const MOUNT: RecordedEvent = {
  ...DIE,
  type: "volume",
  action: "mount",
  id: "data",
  name: "",
  attributes: { driver: "local" },
};

const EXEC: RecordedEvent = { ...DIE, action: "exec_start: sh -c true" };

test.each<[string, RecordedEvent, boolean]>([
  ["", DIE, true],
  ["type=container", DIE, true],
  ["type=image", DIE, false],
  ["type=image type=container", DIE, true],
  ["type=image event=die", DIE, false],
  ["container=web", DIE, true],
  ["container=4f2c", DIE, true],
  ["container=we", DIE, false],
  ["container=", DIE, false],
  ["container=web", PULL, false],
  ["event=die", DIE, true],
  ["event=died", DIE, true],
  ["event=exec_start", EXEC, true],
  ["event=exec", EXEC, true],
  ["event=exec_die", EXEC, false],
  ["image=docker.io/library/nginx", DIE, true],
  ["image=docker.io/library/nginx:1", PULL, true],
  ["image=abcd", PULL, true],
  ["image=sha256:abcdef", PULL, true],
  ["image=", MOUNT, false],
  ["image=data", MOUNT, false],
  ["image=4f2c00", DIE, false],
  ["image=docker.io/library/nginx:2", DIE, false],
  ["label=tier", DIE, true],
  ["label=tier=front", DIE, true],
  ["label=tier=back", DIE, false],
  ["label=tier=front label=other", DIE, false],
  ["pod=shop", DIE, true],
  ["pod=sh", DIE, true],
  ["pod=other", DIE, false],
  ["volume=web", DIE, false],
  ["scope=local", DIE, true],
  ["scope=swarm", DIE, false],
])("%p", (filters, event, expected) => {
  const words = filters.split(" ").filter((word) => word !== "");
  expect(eventCondition(words)(event)).toBe(expected);
});

test("a filter that there is not is refused", () => {
  expect(() => eventCondition(["colour=red"])).toThrow('the filter "colour=red"');
  expect(() => eventCondition(["type"])).toThrow('the filter "type"');
});
