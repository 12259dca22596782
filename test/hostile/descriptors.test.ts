// What a process of the container, or a hook, inherits of the runtime: its standard descriptors, default
// signals, nothing else. The caller has a descriptor of the host's root open for all of its children, as
// careless callers do (CVE-2024-21626), and ignores and blocks signals.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { F_SETFD } from "../../src/abi/file.ts";
import type { HookName } from "../../src/oci/hooks.ts";
import { call, checked } from "../../src/sys/call.ts";
import { close, open } from "../../src/sys/file.ts";
import { type Bundle, NEEDS_ROOT, Scratch } from "./scratch.ts";

const scratch = new Scratch();
const decoys: number[] = [];
const F_GETFD = 1;

beforeAll(() => {
  for (const path of ["/", "/proc", scratch.folder]) {
    const decoy = open(path, 0);
    checked(call("fcntl", decoy, F_SETFD, 0), "hand on", path);
    decoys.push(decoy);
  }
});

afterEach(() => expect(scratch.takeLeftovers()).toEqual([]));

afterAll(() => {
  for (const decoy of decoys) {
    close(decoy);
  }
  scratch.remove();
});

/** By children of the shell, which itself has descriptors and signals of its own. 3 is the directory that ls reads. */
const LOOK = "ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status; true";
const CLEAN = "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";

const output = ({ root }: Bundle): string => readFileSync(join(root, "out"), "utf8");

test("a child that nobody cleans up for does inherit the host's root", () => {
  const flags = decoys.map((fd) => call("fcntl", fd, F_GETFD));
  expect(flags).toEqual([0, 0, 0]);
});

describe.skipIf(NEEDS_ROOT)(
  "as root: a process of the container has nothing but its streams",
  () => {
    test("by run", async () => {
      expect(await scratch.outputOf(scratch.bundle({ script: LOOK }))).toBe(CLEAN);
    });

    test("by create and start", async () => {
      const bundle = scratch.bundle({ script: `${LOOK}\nsleep 1000` });
      using _container = await scratch.started(bundle);
      while (output(bundle).length < CLEAN.length) {
        await Bun.sleep(1);
      }
      expect(output(bundle)).toBe(CLEAN);
    });

    test("by exec", async () => {
      const bundle = scratch.bundle({ args: ["/bin/sleep", "1000"] });
      using container = await scratch.started(bundle);
      await container.exec({ args: ["/bin/sh", "-c", `exec >/out 2>&1\n${LOOK}`] });
      expect(output(bundle)).toBe(CLEAN);
    });

    test("with a user namespace, binds, a seccomp filter and limits", async () => {
      const map = [{ containerID: 0, hostID: 0, size: 65536 }];
      const bundle = scratch.bundle({
        script: LOOK,
        mounts: [
          { type: "bind", source: scratch.host, destination: "/host", options: ["bind"] },
          { type: "bind", source: "/dev/zero", destination: "/file", options: ["bind"] },
        ],
        linux: {
          namespaces: ["pid", "network", "ipc", "uts", "mount", "user", "cgroup", "time"].map(
            (type) => ({ type }) as { readonly type: "pid" },
          ),
          uidMappings: map,
          gidMappings: map,
          seccomp: { defaultAction: "SCMP_ACT_ALLOW" },
          resources: { pids: { limit: 100 } },
        },
      });
      expect(await scratch.outputOf(bundle)).toBe(CLEAN);
    });
  },
);

describe.skipIf(NEEDS_ROOT)("as root: a hook has nothing but its streams", () => {
  const KINDS: readonly HookName[] = [
    "prestart",
    "createRuntime",
    "createContainer",
    "startContainer",
    "poststart",
    "poststop",
  ];

  test.each(KINDS)("%s, which is a script", async (kind) => {
    const shared = join(scratch.folder, kind);
    mkdirSync(shared);
    const script = join(shared, "hook");
    // In the container and outside of it alike: a path that is the same in both.
    const found = join(shared, "found");
    const shell = kind === "startContainer" ? "/bin/sh" : "/usr/bin/env sh";
    writeFileSync(script, `#!${shell}\nexec >>${found}\n${LOOK}\n`);
    chmodSync(script, 0o755);
    const bundle = scratch.bundle({
      mounts: [{ type: "bind", source: shared, destination: shared, options: ["bind"] }],
      hooks: { [kind]: [{ path: script, env: ["PATH=/bin:/usr/bin"] }] },
    });
    expect(await scratch.run(bundle)).toEqual({ code: 0 });
    expect(readFileSync(found, "utf8")).toBe(CLEAN);
  });

  // A state that went through a pipe was lost, and init with it, when the hook had ended by then.
  test("that ends without reading the state disturbs nobody", async () => {
    const hooks = Array.from({ length: 10 }, () => ({ path: "/bin/true" }));
    const bundle = scratch.bundle({ hooks: { createContainer: hooks, startContainer: hooks } });
    for (let round = 0; round < 10; round += 1) {
      expect(await scratch.run(bundle)).toEqual({ code: 0 });
    }
    rmSync(bundle.path, { recursive: true });
  });
});
