// The holder's supervisor: how it is started, and started again.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { HoldEnd } from "../../src/plan/request.ts";
import { expectGolden } from "./expect-golden.ts";
import { createProgram, describeCases, listingOf } from "./plan-listing.ts";

const HOLD: HoldEnd = { kind: "hold", stdin: false, directoryFd: 5 };

function held(more: Partial<HoldEnd>): string {
  const program = createProgram({ request: { end: { ...HOLD, ...more } } });
  return listingOf(program, ["supervisor"]);
}

test("the supervisor of a held container", async () => {
  const supervisor = {
    command: ["/usr/bin/ocicat", "supervise"],
    environment: ["PATH=/bin"],
    lockPath: "/run/ocicat/.supervisor/lock",
  };
  const text = describeCases([
    ["started by whoever gets the lock, before the container is held", held({ supervisor })],
    ["none that nobody asks for", held({})],
  ]);
  expect(text).not.toBe("");
  await expectGolden(join(import.meta.dir, "plan-supervisor.txt"), text);
});
