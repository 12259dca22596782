import { describe, expect, test } from "bun:test";
import type { Process } from "../../oci/process.ts";
import { execProcess } from "./exec-process.ts";

const ACCOUNTS = {
  passwd: "root:x:0:0::/root:\nann:x:7:8::/home/ann:\n",
  group: "root:x:0:\nann:x:8:\nwheel:x:9:ann\n",
};
const CAPABILITIES = ["CAP_CHOWN"];
const OWN: Process = {
  terminal: true,
  consoleSize: { height: 1, width: 2 },
  user: { uid: 0, gid: 0, additionalGids: [0] },
  args: ["init"],
  env: ["PATH=/bin", "HOME=/root", "A=1"],
  cwd: "/srv",
  capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
  noNewPrivileges: true,
};
const REQUEST = { command: ["true"], env: [], terminal: false };

test("as the container's own process, with another command", () => {
  expect(execProcess(OWN, REQUEST, ACCOUNTS)).toEqual({
    terminal: false,
    user: OWN.user,
    args: ["true"],
    env: ["PATH=/bin", "HOME=/root", "A=1"],
    cwd: "/srv",
    capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    noNewPrivileges: true,
  });
});

describe("another user", () => {
  const made = (user: string, own = OWN) => execProcess(own, { ...REQUEST, user }, ACCOUNTS);

  test("has the groups of the container's files, no capabilities and another home", () => {
    const { user, capabilities, env } = made("ann");
    expect(user).toEqual({ uid: 7, gid: 8, additionalGids: [8, 9] });
    expect(capabilities).toEqual({ bounding: CAPABILITIES });
    expect(env).toContain("HOME=/home/ann");
  });

  test("keeps a home that the container was given", () => {
    const own = { ...OWN, env: ["HOME=/given"] };
    expect(made("ann", own).env).toEqual(["HOME=/given"]);
  });

  test("has no additional groups where the container could have none", () => {
    const own = { ...OWN, user: { uid: 0, gid: 0 } };
    expect(made("ann", own).user).toEqual({ uid: 7, gid: 8 });
  });

  test("root in a container of another user gets what the container may have", () => {
    const own = { ...OWN, user: { uid: 7, gid: 8 }, capabilities: { bounding: CAPABILITIES } };
    expect(made("root", own).capabilities?.effective).toEqual(CAPABILITIES);
  });
});

test("variables: given ones win, a name alone takes one away, a terminal has a type", () => {
  const request = { ...REQUEST, env: ["A", "B=2", "PATH=/sbin"], terminal: true };
  expect(execProcess(OWN, request, ACCOUNTS).env).toEqual([
    "PATH=/sbin",
    "HOME=/root",
    "TERM=xterm",
    "B=2",
  ]);
});

test("a relative working directory is refused", () => {
  expect(() => execProcess(OWN, { ...REQUEST, workdir: "a" }, ACCOUNTS)).toThrow(
    "not an absolute path",
  );
});
