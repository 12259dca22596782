import { expect, test } from "bun:test";
import { ParsedFlags } from "../flags.ts";
import { parseNames } from "./name-options.ts";
import { parseDevice, parseDeviceRule, parseNetwork, parseSysctls } from "./namespace-options.ts";
import { parseOomScore, parseUlimits } from "./resource-options.ts";

test("--network", () => {
  expect(parseNetwork("host")).toBe("host");
  expect(parseNetwork("none")).toBe("none");
  expect(parseNetwork("container:web")).toBe("container:web");
  expect(parseNetwork("ns:/run/netns/a")).toBe("ns:/run/netns/a");
  for (const text of ["bridge", "container:", "ns:relative", ""]) {
    expect(() => parseNetwork(text)).toThrow("it is neither none, host, container:NAME");
  }
});

test("--sysctl belongs to a namespace of the container", () => {
  const own = ["net.ipv4.ip_forward=1", "kernel.msgmax=8192", "kernel.domainname=a"];
  expect(Object.keys(parseSysctls(own, "none", {}))).toHaveLength(3);
  expect(() => parseSysctls(["kernel.panic=1"], "none", {})).toThrow("the whole host has");
  expect(() => parseSysctls(["../a=1"], "none", {})).toThrow("the whole host has");
  expect(() => parseSysctls(["net.ipv4.ip_forward=1"], "host", {})).toThrow(
    "no network of its own",
  );
  expect(() => parseSysctls(["kernel.sem=1"], "none", { ipc: "host" })).toThrow(
    "no ipc of its own",
  );
  expect(() => parseSysctls(["net.a"], "none", {})).toThrow("not of the form NAME=VALUE");
});

test("--ulimit", () => {
  expect(parseUlimits(["nofile=10:20", "core=-1", "nproc=5"])).toEqual([
    { name: "nofile", soft: 10, hard: 20 },
    { name: "core", soft: "unlimited", hard: "unlimited" },
    { name: "nproc", soft: 5, hard: 5 },
  ]);
  expect(() => parseUlimits(["nofile=20:10"])).toThrow("the soft limit is above the hard one");
  expect(() => parseUlimits(["doors=1"])).toThrow("the kernel has no limit doors");
  expect(() => parseUlimits(["nofile"])).toThrow("not of the form");
  expect(() => parseOomScore("1001")).toThrow("from -1000 to 1000");
});

test("--device and --device-cgroup-rule", () => {
  const device = (source: string, destination: string, access: string) => ({
    source,
    destination,
    access,
  });
  expect(parseDevice("/dev/fuse")).toEqual(device("/dev/fuse", "/dev/fuse", "rwm"));
  expect(parseDevice("/dev/fuse:r")).toEqual(device("/dev/fuse", "/dev/fuse", "r"));
  expect(parseDevice("/dev/a:/dev/b:rw")).toEqual(device("/dev/a", "/dev/b", "rw"));
  for (const text of ["fuse", "/dev/a:/dev/b:x", "/dev/a:b", "/dev/a:/dev/b:r:w", ""]) {
    expect(() => parseDevice(text)).toThrow("it is not of the form HOST");
  }
  const rule = { type: "c", major: 189, minor: -1, access: "rw" };
  expect(parseDeviceRule("c 189:* rw")).toMatchObject(rule);
  expect(() => parseDeviceRule("c 189 rw")).toThrow("it is not of the form");
});

test("--add-host and --dns", () => {
  const names = (given: Readonly<Record<string, string[]>>) =>
    parseNames(new ParsedFlags([], new Map(Object.entries(given))));
  expect(names({ "add-host": ["db:10.0.0.1", "v6=[::1]"] }).hosts).toEqual([
    { name: "db", address: "10.0.0.1" },
    { name: "v6", address: "::1" },
  ]);
  expect(() => names({ "add-host": ["db:10.0.0.999"] })).toThrow("it has no IP address");
  expect(() => names({ "add-host": ["db:host-gateway"] })).toThrow("no networks with a gateway");
  expect(() => names({ dns: ["one"] })).toThrow("it has no IP address");
  expect(() => names({ "dns-search": ["a b"] })).toThrow("it is not one word");
});
