import { expect, test } from "bun:test";
import { defaultSpec } from "../oci/default-spec.ts";
import { DEFAULT_SECURITY, runProtection } from "./security.ts";

const protection = (asked = {}) =>
  runProtection({ ...DEFAULT_SECURITY, ...asked }, defaultSpec().linux);

test("what the peers hide is hidden", () => {
  const { maskedPaths = [], readonlyPaths } = protection();
  expect(maskedPaths).toEqual([
    ...(defaultSpec().linux?.maskedPaths ?? []),
    "/sys/devices/virtual/powercap",
  ]);
  expect(readonlyPaths).toEqual(defaultSpec().linux?.readonlyPaths);
});

test("unless it is to be shown, or the container may do everything", () => {
  expect(protection({ shown: ["/sys/*"] }).maskedPaths).not.toContain("/sys/firmware");
  expect(protection({ shown: ["/sys/*"] }).maskedPaths).toContain("/proc/kcore");
  expect(protection({ shown: "all", hidden: ["/proc/x"] })).toEqual({
    maskedPaths: ["/proc/x"],
    readonlyPaths: [],
  });
  expect(protection({ privileged: true })).toEqual({ maskedPaths: [], readonlyPaths: [] });
});
