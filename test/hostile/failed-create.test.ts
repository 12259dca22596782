// Whatever fails while a container is made, run or started: the error is typed and names the place in the
// configuration, and nothing is left: no process, cgroup, mount, state.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { Mount } from "../../src/oci/mount.ts";
import { create } from "../../src/runtime/create.ts";
import type { CreateOptions } from "../../src/runtime/create-options.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { start } from "../../src/runtime/start.ts";
import { type BundleOptions, NEEDS_ROOT, Scratch } from "./scratch.ts";

const scratch = new Scratch();

afterEach(() => expect(scratch.takeLeftovers()).toEqual([]));
afterAll(() => scratch.remove());

async function errorOf(attempt: () => unknown): Promise<OcicatError> {
  try {
    await attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    if (error instanceof OcicatError) {
      expect(error.cleanupFailures).toEqual([]);
      return error;
    }
  }
  throw new Error("it did not fail");
}

const withoutId = (message: string): string => message.replace(/\/c\d+\//, "/ID/");

const NAMESPACES = defaultSpec().linux?.namespaces ?? [];
const bind = (source: string, destination: string): Mount => ({
  type: "bind",
  source,
  destination,
  options: ["bind"],
});
const hook = (code: number) => [{ path: "/bin/sh", args: ["sh", "-c", `exit ${code}`] }];
const SLEEP = ["/bin/sleep", "1000"];

type Failure = readonly [what: string, message: string, options: BundleOptions];

/** Refused by `create` and by `run` alike. */
const OF_CREATE: readonly Failure[] = [
  ["a bind source that is missing", "mounts[7]", { mounts: [bind("/missing", "/tmp")] }],
  ["an unknown file system", "mounts[7]", { mounts: [{ type: "nofs", destination: "/tmp" }] }],
  [
    "a wrong option of a file system",
    "mounts[7]",
    { mounts: [{ type: "tmpfs", destination: "/tmp", options: ["wrong=1"] }] },
  ],
  ["a file below a file", "mounts[7].destination", { mounts: [bind("/etc", "/bin/busybox/x")] }],
  [
    "a device number that is too large",
    "linux.devices[0]",
    { linux: { devices: [{ path: "/dev/x", type: "b", major: 2 ** 31, minor: 2 ** 31 }] } },
  ],
  [
    "a device in the place of a file's directory",
    "linux.devices[0]",
    { linux: { devices: [{ path: "/bin/busybox/x", type: "c", major: 1, minor: 3 }] } },
  ],
  ["a prestart hook that fails", "hooks.prestart[0]", { hooks: { prestart: hook(1) } }],
  [
    "a createRuntime hook that fails",
    "hooks.createRuntime[0]",
    { hooks: { createRuntime: hook(1) } },
  ],
  [
    "a createContainer hook that fails",
    "hooks.createContainer[0]",
    { hooks: { createContainer: hook(1) } },
  ],
  [
    "a hook that is missing",
    "hooks.createRuntime[0]",
    { hooks: { createRuntime: [{ path: "/missing" }] } },
  ],
  [
    "a hook that does not end",
    "hooks.createRuntime[0]",
    {
      hooks: {
        createRuntime: [{ path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1 }],
      },
    },
  ],
  ["a program that is missing", '"missing"', { args: ["missing"] }],
  ["a program that is a directory", '"/bin"', { args: ["/bin"] }],
  [
    "a program that may not be executed",
    '"/etc/text"',
    {
      args: ["/etc/text"],
      image: (root) => writeFileSync(join(root, "etc/text"), "text"),
    },
  ],
  ["a working directory that is a file", "process.cwd", { process: { cwd: "/bin/busybox" } }],
  [
    "a namespace path that is missing",
    "linux.namespaces[0].path",
    { linux: { namespaces: [{ type: "pid", path: "/missing" }, ...NAMESPACES.slice(1)] } },
  ],
  [
    "a namespace path of another type",
    "linux.namespaces[0].path",
    { linux: { namespaces: [{ type: "pid", path: "/proc/self/ns/uts" }, ...NAMESPACES.slice(1)] } },
  ],
  [
    "a user namespace with an impossible map",
    "linux.uidMappings",
    {
      linux: {
        namespaces: [...NAMESPACES, { type: "user" }],
        uidMappings: [{ containerID: 0, hostID: 4_294_967_000, size: 65536 }],
        gidMappings: [{ containerID: 0, hostID: 0, size: 65536 }],
      },
    },
  ],
  [
    "a user namespace without maps",
    "linux.uidMappings",
    { linux: { namespaces: [...NAMESPACES, { type: "user" }] } },
  ],
  [
    "a sysctl that does not exist",
    "linux.sysctl.net.missing",
    { linux: { sysctl: { "net.missing": "1" } } },
  ],
  ["a sysctl of the host's", "linux.sysctl", { linux: { sysctl: { "vm.swappiness": "1" } } }],
  [
    "an rlimit above the hard one",
    "process.rlimits",
    { process: { rlimits: [{ type: "RLIMIT_NOFILE", soft: 2 ** 40, hard: 2 ** 41 }] } },
  ],
  [
    "a filter that forbids execve",
    "linux.seccomp",
    {
      linux: {
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["execve"], action: "SCMP_ACT_ERRNO" }],
        },
      },
    },
  ],
  [
    "a memory limit below what anything needs",
    "linux.resources",
    { linux: { resources: { memory: { limit: -5 } } } },
  ],
  [
    "a CPU that is missing",
    "linux.resources.cpu",
    { linux: { resources: { cpu: { cpus: "5000" } } } },
  ],
  [
    "an id-mapped mount of what cannot be mapped",
    "mounts[7]",
    {
      mounts: [
        {
          ...bind("/proc", "/tmp"),
          options: ["bind", "idmap"],
          uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
        },
      ],
    },
  ],
  [
    "an AppArmor profile without AppArmor",
    "process.apparmorProfile",
    { process: { apparmorProfile: "some-profile" } },
  ],
  [
    "a device rule that cgroup v1 cannot say",
    "linux.resources",
    {
      linux: {
        resources: {
          devices: [
            { allow: true, access: "rwm" },
            { allow: false, type: "c", access: "rwm" },
            { allow: true, type: "c", major: 1, minor: 3, access: "r" },
          ],
        },
      },
    },
  ],
];

describe.skipIf(NEEDS_ROOT)("as root: a create that fails", () => {
  test.each(OF_CREATE)("because of %s", async (_what, message, options) => {
    const bundle = scratch.bundle({ args: SLEEP, ...options });
    const ofCreate = await errorOf(() => create(scratch.options(bundle)));
    expect(ofCreate.message).toContain(message);
    expect(scratch.leftovers()).toEqual([]);
    const ofRun = await errorOf(() => scratch.run(bundle));
    expect(withoutId(ofRun.message)).toBe(withoutId(ofCreate.message));
  });
});

describe.skipIf(NEEDS_ROOT)("as root: a start that fails", () => {
  const OF_START: readonly Failure[] = [
    [
      "a startContainer hook that fails",
      "hooks.startContainer[0]",
      { hooks: { startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "exit 1"] }] } },
    ],
    [
      "a program with an interpreter that is missing",
      "process.args",
      {
        args: ["/etc/script"],
        image: (root) => {
          writeFileSync(join(root, "etc/script"), "#!/missing\n");
          chmodSync(join(root, "etc/script"), 0o755);
        },
      },
    ],
    [
      "a program that is no program",
      "process.args",
      {
        args: ["/etc/noise"],
        image: (root) => {
          writeFileSync(join(root, "etc/noise"), "\0\0\0");
          chmodSync(join(root, "etc/noise"), 0o755);
        },
      },
    ],
    ["a poststart hook that fails", "hooks.poststart[0]", { hooks: { poststart: hook(1) } }],
  ];

  test.each(OF_START)("because of %s: run leaves nothing", async (_what, message, options) => {
    const bundle = scratch.bundle({ args: SLEEP, ...options });
    const error = await errorOf(() => scratch.run(bundle));
    expect(error.message).toContain(message);
  });

  test.each(OF_START)(
    "because of %s: start leaves it to delete",
    async (_what, message, options) => {
      const created = scratch.options(scratch.bundle({ args: SLEEP, ...options }));
      await create(created);
      const error = await errorOf(() => start(created));
      expect(error.message).toContain(message);
      deleteContainer(created);
    },
  );
});

describe.skipIf(NEEDS_ROOT)("as root: a caller's own options", () => {
  const CASES: readonly (readonly [string, string, Partial<CreateOptions>])[] = [
    ["a console socket that is missing", "/missing", { consoleSocket: "/missing" }],
    ["a pidfd socket that is missing", "/missing", { pidfdSocket: "/missing" }],
    ["a pid file that cannot be written", "/missing", { pidFile: "/missing/pid" }],
    ["an id that is a path", "container id", { id: "../c" }],
    ["a bundle without a root", "root.path", {}],
    ["a terminal that nobody takes", "console socket", {}],
  ];

  test.each(CASES)("%s", async (what, message, more) => {
    const bundle = scratch.bundle({
      args: SLEEP,
      process: { terminal: more.consoleSocket !== undefined || what.includes("terminal") },
    });
    const spec = what.includes("root")
      ? { ...bundle.spec, root: { path: "missing" } }
      : bundle.spec;
    const error = await errorOf(() => create({ ...scratch.options({ ...bundle, spec }), ...more }));
    expect(error.message).toContain(message);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: a state root that takes nothing", () => {
  const full = join(scratch.folder, "full");
  const readOnly = join(scratch.folder, "read-only");
  const mount = (...args: string[]) => expect(Bun.spawnSync(["mount", ...args]).exitCode).toBe(0);
  const unmount = (path: string) => expect(Bun.spawnSync(["umount", path]).exitCode).toBe(0);

  beforeAll(() => {
    mkdirSync(full);
    mkdirSync(readOnly);
  });

  test("a full tmpfs", async () => {
    mount("-t", "tmpfs", "-o", "size=8k", "tmpfs", full);
    try {
      writeFileSync(join(full, "filler"), "x".repeat(8192));
      const options = { ...scratch.options(scratch.bundle({ args: SLEEP })), stateRoot: full };
      const error = await errorOf(() => create(options));
      expect(error.code).toBe("exhausted");
    } finally {
      unmount(full);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("a tmpfs that is full after %d pages", async (pages) => {
    mount("-t", "tmpfs", "-o", `size=${pages * 4}k`, "tmpfs", full);
    try {
      const options = { ...scratch.options(scratch.bundle({ args: SLEEP })), stateRoot: full };
      let error: unknown;
      try {
        await create(options);
      } catch (failure) {
        error = failure;
      }
      if (error === undefined) {
        deleteContainer({ ...options, force: true });
      } else {
        expect(error).toHaveProperty("code", "exhausted");
      }
      expect(Bun.spawnSync(["ls", full]).stdout.toString()).toBe("");
    } finally {
      unmount(full);
    }
  });

  test("a read-only one", async () => {
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", readOnly);
    try {
      const options = { ...scratch.options(scratch.bundle({ args: SLEEP })), stateRoot: readOnly };
      const error = await errorOf(() => create(options));
      expect(error.code).toBe("permission-denied");
    } finally {
      unmount(readOnly);
    }
  });
});
