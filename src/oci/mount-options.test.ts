import { expect, test } from "bun:test";
import { isBindMount, isMountOption } from "./mount-options.ts";

test.each([
  [{}, false],
  [{ type: "tmpfs", options: ["ro"] }, false],
  [{ options: ["ro", "bind"] }, true],
  [{ type: "tmpfs", options: ["rbind"] }, true],
  [{ type: "bind" }, true],
])("%j is a bind mount: %p", (mount, expected) => {
  expect(isBindMount(mount)).toBe(expected);
});

test.each([
  ["ro", true],
  ["rro", true],
  ["tmpcopyup", true],
  ["mode=755", false],
  ["RO", false],
  ["constructor", false],
])("%p is an option of mounts: %p", (option, expected) => {
  expect(isMountOption(option)).toBe(expected);
});
