import { expect, test } from "bun:test";
import { appArmorProfile } from "./apparmor.ts";
import { DEFAULT_PROFILE, defaultProfile, isLoaded } from "./apparmor-default.ts";
import { DEFAULT_SECURITY } from "./security.ts";

test("a profile that is asked for is taken as it is named, by ordinary users too", async () => {
  const security = { ...DEFAULT_SECURITY, apparmor: "acme" };
  expect(await appArmorProfile({ security, isRootless: true })).toBe("acme");
});

test("unconfined and privileged containers have none", async () => {
  const unconfined = { ...DEFAULT_SECURITY, apparmor: "unconfined" };
  expect(await appArmorProfile({ security: unconfined, isRootless: false })).toBeUndefined();
  const privileged = { ...DEFAULT_SECURITY, privileged: true };
  expect(await appArmorProfile({ security: privileged, isRootless: false })).toBeUndefined();
});

/** "**" is anything, "[^x]" is any other character, for AppArmor as here. */
function asExpression(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll("**", ".*")}$`);
}

test("all of /sys but cgroups is denied, character by character", () => {
  const rules = defaultProfile().split("\n");
  const denied = rules.flatMap((rule) => /^ {2}deny (\/sys\/\S+) wklx,$/.exec(rule)?.[1] ?? []);
  const matches = (path: string) => denied.some((pattern) => asExpression(pattern).test(path));
  for (const path of ["/sys/kernel/x", "/sys/fs/bpf/x", "/sys/fs/cgrouq/x", "/sys/firmware/a/b"]) {
    expect(matches(path)).toBe(true);
  }
  expect(matches("/sys/fs/cgroup/a/pids.max")).toBe(false);
});

test("the profile has the name that is looked for among those that are loaded", () => {
  expect(defaultProfile()).toStartWith(`profile ${DEFAULT_PROFILE} `);
  expect(isLoaded("no such profile")).toBe(false);
});
