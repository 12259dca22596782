import { expect, test } from "bun:test";
import type { Healthcheck } from "../../oci/image-spec.ts";
import { applyChanges } from "./changes.ts";

const CASES: readonly (readonly [change: string, healthcheck: Healthcheck])[] = [
  ["HEALTHCHECK NONE", { Test: ["NONE"] }],
  [
    "HEALTHCHECK CMD curl -f http://localhost/",
    { Test: ["CMD-SHELL", "curl -f http://localhost/"] },
  ],
  ['HEALTHCHECK CMD ["curl", "-f"]', { Test: ["CMD", "curl", "-f"] }],
  ["healthcheck cmd true", { Test: ["CMD-SHELL", "true"] }],
  [
    "HEALTHCHECK --interval=5m --timeout=3s --retries=4 CMD true --interval=1s",
    {
      Test: ["CMD-SHELL", "true --interval=1s"],
      Interval: 300_000_000_000,
      Timeout: 3_000_000_000,
      Retries: 4,
    },
  ],
  [
    "HEALTHCHECK --start-period=1m30s --start-interval=500ms CMD true",
    { Test: ["CMD-SHELL", "true"], StartPeriod: 90_000_000_000, StartInterval: 500_000_000 },
  ],
];

test.each(CASES)("%s", (change, healthcheck) => {
  expect(applyChanges({}, [change]).Healthcheck).toEqual(healthcheck);
});

test.each([
  "HEALTHCHECK",
  "HEALTHCHECK true",
  "HEALTHCHECK CMD",
  "HEALTHCHECK NONE please",
  "HEALTHCHECK --interval=5m NONE",
  "HEALTHCHECK --interval=5 CMD true",
  "HEALTHCHECK --interval=1us CMD true",
  "HEALTHCHECK --interval 5s CMD true",
  "HEALTHCHECK --every=5s CMD true",
  "HEALTHCHECK --retries=many CMD true",
])("%s is refused", (change) => {
  expect(() => applyChanges({}, [change])).toThrow(`apply the change ${JSON.stringify(change)}`);
});
