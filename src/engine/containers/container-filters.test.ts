import { expect, test } from "bun:test";
import { plainOptions } from "../plain-options.ts";
import { parseContainerFilters } from "./container-filters.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { ListedContainer } from "./list-containers.ts";

const OPTIONS = plainOptions({ kind: "hello" });

const RECORD: ContainerRecord = {
  id: "4f2c".padEnd(64, "0"),
  name: "web-1",
  created: "2026-11-29T10:00:00.000Z",
  image: {
    ...{ name: "nginx:1", digest: "sha256:dddd" },
    ...{ labels: { tier: "back", maker: "me" }, exposedPorts: ["80/tcp", "8005/udp"] },
  },
  command: ["nginx", "-g"],
  options: { ...OPTIONS, labels: { tier: "front", of: "shop" }, restart: { kind: "always" } },
};

const WEB: ListedContainer = {
  record: RECORD,
  status: {
    ...{ kind: "exited", code: 3, signal: undefined, isRestarting: false },
    ...{ startedMs: 0, finishedMs: 1 },
  },
  health: undefined,
};

const DB: ListedContainer = {
  record: { ...RECORD, id: "aa".padEnd(64, "0"), name: "db", created: "2026-11-29T11:00:00.000Z" },
  status: { kind: "created" },
  health: undefined,
};

const DESCENDANTS = new Map([
  ["4242", new Set(["sha256:dddd"])],
  ["debian", new Set(["sha256:eeee"])],
]);

test.each<[string, boolean]>([
  ["", true],
  ["id=4f", true],
  ["name=^web-[0-9]$", true],
  ["name=^eb", false],
  ["label=tier", true],
  ["label=tier=front label=of=shop", true],
  ["label=tier=front label=none", false],
  ["label!=none", true],
  ["label!=tier", false],
  ["label!=tier=back", true],
  ["label=maker=me label!=tier=back", true],
  ["ancestor=nginx", true],
  ["ancestor=nginx:1", true],
  ["ancestor=4242", true],
  ["ancestor=debian", false],
  ["expose=80", true],
  ["expose=80/udp", false],
  ["expose=8000-8010/udp", true],
  ["status=exited", true],
  ["status=running", false],
  ["exited=3", true],
  ["exited=03", true],
  ["exited=4", false],
  ["health=none", true],
  ["until=2026-11-29T10:30:00Z", true],
  ["until=2026-11-29T09:30:00Z", false],
  ["before=db", true],
  ["since=db", false],
  ["command=nginx", true],
  ["command=-g", false],
  ["restart-policy=always", true],
  ["restart-policy=no", false],
  ["should-start-on-boot=true", true],
  ["should-start-on-boot=false", false],
  ["is-task=false", true],
  ["is-task=true", false],
  ["network=none", true],
  ["name=db name=web", true],
])("%p", (text, expected) => {
  const { among } = parseContainerFilters(text.split(" ").filter(Boolean));
  expect(among([WEB, DB], DESCENDANTS)(WEB)).toBe(expected);
});

test.each([
  ["colour=red", 'there is no filter "colour"'],
  ["status=up", "a status is one of created"],
  ["health=well", "a health is one of none, starting"],
  ["exited=soon", "an exit code is a number"],
  ["restart-policy=often", "a restart-policy is one of no"],
  ["expose=80-70", "it is not of the form PORT"],
  ["expose=99999", "it is not of the form PORT"],
  ["publish=80", "there are no networks with ports yet"],
  ["until=yesterday", "neither a time nor a duration"],
  ["is-task=maybe", "it is true or false"],
  ["before=nothing", "there is none of this name or id"],
])("%p is refused", (filter, reason) => {
  expect(() => parseContainerFilters([filter]).among([WEB], DESCENDANTS)).toThrow(reason);
});
