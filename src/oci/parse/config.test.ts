import { describe, expect, test } from "bun:test";
import type { Fault, OcicatError } from "../../error/ocicat-error.ts";
import { encodeDocument } from "../encode.ts";
import {
  decodeProcess,
  decodeResources,
  decodeRuntimeConfig,
  decodeSeccompProfile,
  parseProcess,
  parseRuntimeConfig,
} from "./config.ts";
import { type Edits, editedText, faultsAfter, faultsOf, REMOVED } from "./edit.fixture.ts";
import { EVERY_PROPERTY } from "./every-property.fixture.ts";

function warningsOf(edits: Edits): string[] {
  const warnings: Fault[] = [];
  decodeRuntimeConfig(editedText(edits), { warnings });
  return warnings.map(({ path, reason }) => `${path}: ${reason}`);
}

describe("a configuration with every property", () => {
  test("is returned with its content unchanged", () => {
    const spec = decodeRuntimeConfig(encodeDocument(EVERY_PROPERTY));
    expect<unknown>(spec).toEqual(EVERY_PROPERTY);
  });

  test("keeps each digit of 64-bit numbers through text and back", () => {
    const text = encodeDocument(decodeRuntimeConfig(encodeDocument(EVERY_PROPERTY)));
    expect(text).toBe(encodeDocument(EVERY_PROPERTY));
    expect(text).toContain('"hard": 18446744073709551615');
    expect(text).toContain('"value": 9007199254740993');
  });

  test("may have properties that the specification does not know", () => {
    expect(
      faultsAfter({
        future: { deep: [1] },
        "linux.future": 1,
        "mounts[0].future": "x",
        windows: 5,
      }),
    ).toEqual([]);
  });

  test("has null and the empty string count as absent", () => {
    const text = editedText({
      hostname: "",
      hooks: null,
      "process.env": null,
      "process.apparmorProfile": "",
      "linux.namespaces[1].path": "",
    });
    const spec = decodeRuntimeConfig(text);
    expect(Object.keys(spec)).not.toContain("hooks");
    expect(Object.keys(spec)).not.toContain("hostname");
    expect(Object.keys(spec.process ?? {})).not.toContain("env");
    expect(Object.keys(spec.process ?? {})).not.toContain("apparmorProfile");
    expect(spec.linux?.namespaces?.[1]).toEqual({ type: "pid" });
  });
});

describe("the error", () => {
  test("lists every fault, a line each, after a summary", () => {
    const text = editedText({ "process.cwd": "tmp", "root.path": REMOVED, "mounts[2].type": 7 });
    expect(() => decodeRuntimeConfig(text, { subject: '"/b/config.json"' })).toThrow(
      [
        'parse "/b/config.json": 3 faults',
        "  root.path: required",
        '  process.cwd: "tmp" is not an absolute path',
        "  mounts[2].type: must be a string, is 7",
      ].join("\n"),
    );
  });

  test("stays readable when thousands of entries are wrong", () => {
    const text = editedText({ "process.args": new Array<number>(5000).fill(1) });
    try {
      decodeRuntimeConfig(text);
      expect.unreachable();
    } catch (error) {
      expect((error as OcicatError).faults).toHaveLength(1000);
      expect((error as OcicatError).message).toStartWith("parse config.json: 5000 faults\n");
      expect((error as OcicatError).message).toEndWith("\n  and 4000 more");
    }
  });

  test.each([["{"], [""], ['{"ociVersion": "1.3.0",}'], ["nul"]])("%p is not JSON", (text) => {
    expect(() => decodeRuntimeConfig(text)).toThrow("parse config.json: not JSON: ");
  });

  test.each([
    ["[]", "must be an object, is an array"],
    ["null", "must be an object, is null"],
    ['"x"', "must be an object, is a string"],
    ["1", "must be an object, is 1"],
  ])("%p is no configuration", (text, reason) => {
    expect(faultsOf(() => decodeRuntimeConfig(text))).toEqual([`: ${reason}`]);
  });

  test("an empty object lacks what is required", () => {
    expect(faultsOf(() => parseRuntimeConfig({}))).toEqual([
      "ociVersion: required",
      "root: required",
    ]);
  });
});

describe("types and bounds", () => {
  test("a NUL byte is refused wherever a text stands", () => {
    expect(
      faultsAfter({
        hostname: "a\0",
        "process.args[1]": "\0",
        "mounts[0].options[0]": "rbind\0",
        'annotations["k\0"]': "v",
      }),
    ).toEqual([
      'hostname: "a\\u0000" contains a NUL byte',
      'process.args[1]: "\\u0000" contains a NUL byte',
      'mounts[0].options[0]: "rbind\\u0000" contains a NUL byte',
      'annotations["k\\u0000"]: "k\\u0000" contains a NUL byte',
    ]);
  });

  test("texts and lists have an end", () => {
    const longText = "x".repeat(1_048_577);
    expect(faultsAfter({ "process.args[2]": longText })).toEqual([
      "process.args[2]: is longer than 1048576 characters",
    ]);
    const paths = new Array<string>(65_537).fill("/x");
    expect(faultsAfter({ "linux.maskedPaths": paths })).toEqual([
      "linux.maskedPaths: has 65537 entries, more than 65536",
    ]);
    const path = `/${"x".repeat(4095)}`;
    expect(faultsAfter({ "process.cwd": path })).toEqual([
      `process.cwd: "${path.slice(0, 80)}..." is longer than 4095 characters`,
    ]);
  });

  test("an opaque property is not arbitrarily deep", () => {
    const deep: unknown = JSON.parse("[".repeat(40) + "]".repeat(40));
    expect(faultsAfter({ vm: deep })).toEqual(["vm: is nested deeper than 32 levels"]);
  });

  test("each kind of value is named", () => {
    expect(
      faultsAfter({
        "process.terminal": "yes",
        "process.oomScoreAdj": 1.5,
        "process.user": [],
        "process.env": {},
        "linux.sysctl": [],
        "linux.resources.rdma": { mlx: 1 },
        "linux.resources.memory.limit": "1G",
        "linux.resources.memory.swap": true,
      }),
    ).toEqual([
      "linux.sysctl: must be an object, is an array",
      "linux.resources.memory.limit: must be an integer, is a string",
      "linux.resources.memory.swap: must be an integer, is a boolean",
      'linux.resources.rdma["mlx"]: must be an object, is 1',
      "process.terminal: must be true or false, is a string",
      "process.user: must be an object, is an array",
      "process.env: must be an array, is an object",
      "process.oomScoreAdj: must be an integer, is 1.5",
    ]);
  });

  test("rounded 64-bit numbers are refused where each digit counts", () => {
    const rlimit = { type: "RLIMIT_CPU", hard: 2 ** 64, soft: 1 };
    const process = { args: ["x"], cwd: "/", rlimits: [rlimit] };
    expect(faultsOf(() => parseProcess(process, "process"))).toEqual([
      "process.rlimits[0].hard: 18446744073709552000 is too large to be exact",
    ]);
    const text = encodeDocument({ ...process, rlimits: [{ ...rlimit, hard: 2n ** 64n }] });
    expect(faultsOf(() => decodeProcess(text))).toEqual([
      "process.rlimits[0].hard: 18446744073709551616 is not within 0 to 18446744073709551615",
    ]);
  });

  test("limits near 2^63 are accepted where a rounding says the same", () => {
    const resources = decodeResources(
      '{"memory": {"limit": 9223372036854771712, "swap": 9223372036854775807}}',
    );
    expect(resources.memory?.swap).toBe(2 ** 63);
  });
});

describe("ociVersion", () => {
  test.each([["1.0.0"], ["1.0.2-dev"], ["1.3.0"], ["1.99.12"], ["1.2.0-rc.1+a.b"], ["1.1.0+dev"]])(
    "%p is accepted",
    (ociVersion) => {
      expect(faultsAfter({ ociVersion })).toEqual([]);
    },
  );

  test.each([
    ["0.1.0", "is not supported, only 1.x is"],
    ["2.0.0", "is not supported, only 1.x is"],
    ["10.0.0", "is not supported, only 1.x is"],
    ["1.0", "is not a semantic version"],
    ["1.0.0.0", "is not a semantic version"],
    ["1.01.0", "is not a semantic version"],
    ["v1.0.0", "is not a semantic version"],
    ["1.0.0-", "is not a semantic version"],
    ["1.0.0-a..b", "is not a semantic version"],
    ["1.0.0 ", "is not a semantic version"],
    ["1.0.0+a+b", "is not a semantic version"],
  ])("%p is refused", (ociVersion, reason) => {
    expect(faultsAfter({ ociVersion })).toEqual([`ociVersion: "${ociVersion}" ${reason}`]);
  });
});

describe("root, hooks, host names, annotations", () => {
  test("root needs a path", () => {
    expect(faultsAfter({ root: REMOVED })).toEqual(["root: required"]);
    expect(faultsAfter({ "root.path": "" })).toEqual(["root.path: required"]);
    expect(faultsAfter({ "root.readonly": 1 })).toEqual([
      "root.readonly: must be true or false, is 1",
    ]);
  });

  test("hooks have an absolute path and a timeout above zero", () => {
    expect(faultsAfter({ "hooks.poststop[1].path": "true" })).toEqual([
      'hooks.poststop[1].path: "true" is not an absolute path',
    ]);
    expect(faultsAfter({ "hooks.prestart[0].path": REMOVED })).toEqual([
      "hooks.prestart[0].path: required",
    ]);
    expect(faultsAfter({ "hooks.poststart[0].timeout": 0 })).toEqual([
      "hooks.poststart[0].timeout: 0 is not within 1 to 9223372036854776000",
    ]);
  });

  test("host names need a uts namespace and fit into it", () => {
    expect(faultsAfter({ "linux.namespaces[4].type": REMOVED })).toEqual([
      "linux.namespaces[4].type: required",
      "hostname: needs a uts namespace",
      "domainname: needs a uts namespace",
    ]);
    const name = "x".repeat(65);
    expect(faultsAfter({ hostname: name })).toEqual([
      `hostname: "${name}" is longer than 64 characters`,
    ]);
  });

  test("annotations are texts with a key", () => {
    expect(faultsAfter({ "annotations.a": 1 })).toEqual([
      'annotations["a"]: must be a string, is 1',
    ]);
    expect(faultsAfter({ annotations: { "": "x" } })).toEqual([
      'annotations[""]: a key must not be empty',
    ]);
  });
});

describe("warnings refuse nothing", () => {
  const usual = "linux.personality.flags: ignored: the specification defines none";

  test("an unknown capability", () => {
    expect(warningsOf({ "process.capabilities.bounding[1]": "CAP_FUTURE" })).toEqual([
      usual,
      'process.capabilities.bounding[1]: unknown capability "CAP_FUTURE" is ignored',
    ]);
  });

  test("options of a file system at a bind mount", () => {
    const options = ["rbind", "mode=1", "tmpcopyup"];
    expect(warningsOf({ mounts: [{ destination: "/a", source: "b", options }] })).toEqual([
      usual,
      'mounts[0].options[1]: a bind mount cannot have "mode=1", which is ignored',
      'mounts[0].options[2]: a bind mount cannot have "tmpcopyup", which is ignored',
    ]);
  });

  test("a relative destination", () => {
    expect(warningsOf({ "mounts[1].destination": "proc" })).toEqual([
      usual,
      'mounts[1].destination: "proc" is relative, which is deprecated',
    ]);
  });
});

describe("the other documents", () => {
  test("a process without a user runs as root", () => {
    expect(parseProcess({ args: ["ls"], cwd: "/" })).toEqual({
      args: ["ls"],
      cwd: "/",
      user: { uid: 0, gid: 0 },
    });
  });

  test("their faults begin at the place that is asked for", () => {
    expect(faultsOf(() => parseProcess({ args: [] }, "exec"))).toEqual([
      "exec.cwd: required",
      "exec.args: must name a program",
    ]);
    expect(faultsOf(() => parseProcess("ls"))).toEqual(["process: must be an object, is a string"]);
    expect(faultsOf(() => decodeResources('{"pids":{"limit":-2}}'))).toEqual([
      "linux.resources.pids.limit: -2 is not within -1 to 9223372036854776000",
    ]);
    expect(faultsOf(() => decodeSeccompProfile("{}"))).toEqual([
      "linux.seccomp.defaultAction: required",
    ]);
  });
});
