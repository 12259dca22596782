// Escapes through a process that joins a container, or through what it brings along.
//
// CVE-2016-9962    a naive exec can be traced by the container's processes once it has joined: they take
//                  its descriptors, or stop it while it still has the host's privileges
// CVE-2019-5736    a naive exec of "/proc/self/exe" runs the runtime's own file inside; the container then
//                  opens /proc/PID/exe for writing, and the host's next use of the runtime is the attacker's
// CVE-2022-29162   inheritable capabilities that are not empty come back when a program with file
//                  capabilities is executed by another user than root
// CVE-2024-21626   a descriptor of the host's file system that is still open when the working directory is
//                  entered: "/proc/self/fd/7/../.." is the host's root
// CVE-2026-30892   (crun) `exec -u 1` made a process of uid 0

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { CAPABILITIES } from "../../src/oci/process.ts";
import { OwnedFd, open } from "../../src/sys/file.ts";
import { holdExec } from "./held-exec.ts";
import { livingChildren } from "./leftovers.ts";
import { type Bundle, NEEDS_ROOT, Scratch, type Started } from "./scratch.ts";
import { VerbRunner } from "./verb-runner.ts";

const scratch = new Scratch();
let verbs: VerbRunner;

beforeAll(async () => {
  verbs = await VerbRunner.build(scratch);
});

afterEach(() => expect(scratch.takeLeftovers()).toEqual([]));
afterAll(() => scratch.remove());

const output = ({ root }: Bundle): string => readFileSync(join(root, "out"), "utf8");

async function runInside(container: Started, script: string): Promise<string> {
  const args = ["/bin/sh", "-c", `exec >/out 2>&1\n${script}`];
  await container.exec({ args });
  return output(container.bundle);
}

describe.skipIf(NEEDS_ROOT)("as root: a process of exec that has joined (CVE-2016-9962)", () => {
  const OPS = 150;
  const KINDS = ["fd", "root", "cwd", "exe", "environ", "maps", "ns/mnt"];
  const attackOn = (pid: number): string => `
    readlink /proc/${pid}/fd/0 && echo "got fd"
    ls /proc/${pid}/root/ && echo "got root"
    ls /proc/${pid}/cwd/ && echo "got cwd"
    readlink /proc/${pid}/exe && echo "got exe"
    cat /proc/${pid}/environ && echo "got environ"
    cat /proc/${pid}/maps && echo "got maps"
    readlink /proc/${pid}/ns/mnt && echo "got ns/mnt"`;
  const takenIn = (text: string): string[] =>
    [...text.matchAll(/^.*got (\S+)$/gm)].map((match) => match[1] ?? "");

  /** All that the process itself keeps, or it would be out of reach by its capabilities alone. */
  const equals = (capabilities: readonly string[]): Bundle =>
    scratch.bundle({ args: ["/bin/sleep", "1000"], capabilities });

  /** Calls `look` with each op of exec, of every third, at which its process is inside. */
  async function atOps(container: Started, look: (pid: number) => Promise<void>): Promise<number> {
    let seen = 0;
    for (let op = 0; op < OPS; op += 3) {
      await using held = await holdExec({ scratch, verbs }, container, op);
      if (held.pid !== undefined) {
        seen += 1;
        await look(held.pid);
      }
    }
    while (livingChildren().length > 1) {
      await Bun.sleep(1);
    }
    return seen;
  }

  test("the attack works on a process that may be traced", async () => {
    using container = await scratch.started(equals([]));
    expect(takenIn(await runInside(container, attackOn(1)))).toEqual(KINDS);
  });

  test("gives nothing to the container's root, at no op", async () => {
    using container = await scratch.started(equals([]));
    const taken: string[] = [];
    const seen = await atOps(container, async (pid) => {
      taken.push(...takenIn(await runInside(container, attackOn(pid))));
    });
    expect(taken).toEqual([]);
    expect(seen).toBeGreaterThan(5);
  });

  test("holds nothing of the host where even CAP_SYS_PTRACE is given", async () => {
    using container = await scratch.started(equals(CAPABILITIES));
    const links = new Set<string>();
    const roots = new Set<string>();
    const seen = await atOps(container, async (pid) => {
      const text = await runInside(
        container,
        `for f in /proc/${pid}/fd/*; do readlink $f; done; echo root; ls /proc/${pid}/root/`,
      );
      const [descriptors = "", root = ""] = text.split("root\n");
      for (const link of descriptors.trim().split("\n")) {
        links.add(link.replace(/\[?\d+\]?$/, ""));
      }
      roots.add(root);
    });
    expect(seen).toBeGreaterThan(5);
    expect([...links].sort()).toEqual(["/dev/null", "anon_inode:[pidfd]", "socket:"]);
    expect([...roots]).toEqual(["bin\ndev\netc\nout\nproc\nsys\ntmp\n"]);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: the runtime's own file (CVE-2019-5736)", () => {
  // Root with every capability: nothing but the file's own protection is in the way.
  const everything = { capabilities: CAPABILITIES };

  test("a program of the image that is a link to /proc/self/exe runs nothing that can be written", async () => {
    const bundle = scratch.bundle({
      ...everything,
      args: ["/entry"],
      image: (root) => symlinkSync("/proc/self/exe", join(root, "entry")),
    });
    // The stage executed by itself has no program to run, and says so by its exit status.
    const status = await scratch.run(bundle);
    expect(status).toEqual({ code: 123 });
  });

  test("nor does a script with it as interpreter", async () => {
    const bundle = scratch.bundle({
      ...everything,
      args: ["/entry"],
      image: (root) => {
        writeFileSync(join(root, "entry"), "#!/proc/self/exe\n");
        chmodSync(join(root, "entry"), 0o755);
      },
    });
    const status = await scratch.run(bundle);
    expect(status).toEqual({ code: 123 });
  });

  /**
   * While it runs nobody can write to an executable (ETXTBSY): so the attacker keeps a descriptor of it, waits for
   * the end of the process, and opens that for writing.
   */
  const overwrite = (pid: number | string): string => `
    exe=/proc/${pid}/exe
    readlink $exe
    cat $exe >/copy
    exec 7<$exe
    echo held >/held
    while [ -e /proc/${pid} ]; do :; done
    echo x >/proc/self/fd/7 && echo written
    exec 7<&-
    echo over`;

  test("the attack works on a program that is a file of the host", async () => {
    const program = join(scratch.host, "program");
    copyFileSync("/usr/bin/busybox", program);
    const mounts = [{ source: program, destination: "/sbin/sleep", options: ["bind"] }];
    const script = `/sbin/sleep 1 & pid=$!
      until [ "$(readlink /proc/$pid/exe)" = /sbin/sleep ]; do :; done${overwrite("$pid")}`;
    const output = await scratch.outputOf(scratch.bundle({ ...everything, mounts, script }));
    expect(output).toContain("written\n");
    expect(readFileSync(program, "utf8")).toBe("x\n");
    rmSync(program);
  });

  test("the executable of a joining process is sealed against its root", async () => {
    // The attacker is the container's first process, which is told whom to attack.
    const script = `until read pid </target; do :; done${overwrite("$pid")}; sleep 1000`;
    const image = (root: string): void => writeFileSync(join(root, "target"), "");
    using container = await scratch.started(scratch.bundle({ ...everything, image, script }));
    const { root } = container.bundle;
    let tried = 0;
    for (let op = 30; op < 150 && tried === 0; op += 3) {
      await using held = await holdExec({ scratch, verbs }, container, op);
      if (held.pid !== undefined) {
        tried += 1;
        writeFileSync(join(root, "target"), `${held.pid}\n`);
        while (!existsSync(join(root, "held"))) {
          await Bun.sleep(1);
        }
      }
    }
    expect(tried).toBe(1);
    while (!output(container.bundle).endsWith("over\n") || livingChildren().length > 1) {
      await Bun.sleep(1);
    }
    expect(output(container.bundle)).toContain("memfd:ocicat-stage");
    expect(output(container.bundle)).toContain(
      "can't create /proc/self/fd/7: Operation not permitted",
    );
    expect(output(container.bundle)).not.toContain("written");
    // The attack has read the whole of it: what it reached was the stage.
    expect(readFileSync(join(root, "copy")).length).toBeGreaterThan(1000);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: inheritable capabilities (CVE-2022-29162)", () => {
  const SHOW = "grep -E 'Cap(Inh|Amb)' /proc/self/status";
  const NONE = "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n";
  const sets = { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES };

  test("where a runtime gives them, as naive ones did, they are there", async () => {
    const bundle = scratch.bundle({
      script: `busybox ${SHOW}`,
      process: { capabilities: { ...sets, inheritable: CAPABILITIES } },
    });
    expect(await scratch.outputOf(bundle)).not.toContain("CapInh:\t0000000000000000");
  });

  test.each([0, 1000])("are empty for uid %d, unless configured", async (uid) => {
    const bundle = scratch.bundle({
      script: `busybox ${SHOW}`,
      process: { user: { uid, gid: 0 }, capabilities: sets },
    });
    expect(await scratch.outputOf(bundle)).toBe(NONE);
  });

  test("are empty for exec", async () => {
    using container = await scratch.started(scratch.bundle({ args: ["/bin/sleep", "1000"] }));
    const args = ["/bin/sh", "-c", `busybox ${SHOW} >/out`];
    await container.exec({ args, user: { uid: 1000, gid: 0 }, capabilities: sets });
    expect(output(container.bundle)).toBe(NONE);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: working directories (CVE-2024-21626)", () => {
  const DESCRIPTORS = Array.from({ length: 30 }, (_, fd) => fd);
  const PATHS = (fd: number) => [
    `/proc/self/fd/${fd}`,
    `/proc/self/fd/${fd}/../../..`,
    `/proc/thread-self/fd/${fd}`,
    `/dev/fd/${fd}`,
  ];
  const WHERE = "busybox ls / . ; busybox ls ../../../../../..";

  /** Refused, or inside: never a directory of the host. */
  async function expectInside(attempt: () => Promise<unknown>, bundle: Bundle): Promise<boolean> {
    writeFileSync(join(bundle.root, "out"), "");
    try {
      await attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
      expect(String(error)).toContain("process.cwd");
      return false;
    }
    expect(output(bundle)).not.toContain("root");
    return true;
  }

  test("a leaked descriptor of the host's root would be a way out", () => {
    const found = Bun.spawnSync(["sh", "-c", "exec 7</; cd /proc/self/fd/7 && ls"]);
    expect(found.stdout.toString()).toContain("root\n");
  });

  test("of run: no descriptor leads out", async () => {
    // Two spellings: the others are tried with exec, which costs less.
    for (const cwd of DESCRIPTORS.flatMap((fd) => PATHS(fd).slice(0, 2))) {
      const bundle = scratch.bundle({ script: WHERE, process: { cwd } });
      await expectInside(() => scratch.run(bundle), bundle);
    }
    expect(scratch.leftovers()).toEqual([]);
  });

  // What the caller itself hands on is the one descriptor that there can be.
  test.each(["/proc/self/fd/3", "/proc/self/fd/3/usr", "/proc/self/fd/3/../usr/bin"])(
    "of run: %s is refused, where 3 is the host's root",
    async (cwd) => {
      using leaked = new OwnedFd(open("/", 0));
      const bundle = scratch.bundle({ script: WHERE, process: { cwd } });
      const handedOn = { firstFd: leaked.number, preserveFds: 1 };
      const isInside = await expectInside(() => scratch.run(bundle, handedOn), bundle);
      expect(isInside).toBe(false);
    },
  );

  test("of exec: no descriptor leads out", async () => {
    using container = await scratch.started(scratch.bundle({ args: ["/bin/sleep", "1000"] }));
    const args = ["/bin/sh", "-c", `exec >/out 2>&1\n${WHERE}`];
    for (const cwd of DESCRIPTORS.flatMap(PATHS)) {
      await expectInside(() => container.exec({ args, cwd }), container.bundle);
    }
    expect(await container.exec({ args, cwd: "/tmp" })).toEqual({ code: 0 });
  });

  test("a link of the image to such a path does not lead out either", async () => {
    for (const fd of DESCRIPTORS) {
      const bundle = scratch.bundle({
        script: WHERE,
        process: { cwd: "/work" },
        image: (root) => symlinkSync(`/proc/self/fd/${fd}`, join(root, "work")),
      });
      await expectInside(() => scratch.run(bundle), bundle);
    }
    expect(scratch.leftovers()).toEqual([]);
  });
});

describe.skipIf(NEEDS_ROOT)("as root: users of exec (CVE-2026-30892)", () => {
  test("a naive exec, which joins and executes, is uid 0 whatever was asked for", async () => {
    using container = await scratch.started(scratch.bundle({ args: ["/bin/sleep", "1000"] }));
    const join = ["nsenter", "--target", String(container.pid), "--mount", "--pid", "--root"];
    const show = ["/bin/busybox", "grep", "^Uid", "/proc/self/status"];
    expect(Bun.spawnSync([...join, ...show]).stdout.toString()).toBe("Uid:\t0\t0\t0\t0\n");
  });

  test.each([
    [1, 0],
    [0, 1],
    [1, 1],
    [65534, 65534],
    [4_294_967_294, 4_294_967_294],
  ])("uid %d and gid %d are what the process has, all of them", async (uid, gid) => {
    using container = await scratch.started(scratch.bundle({ args: ["/bin/sleep", "1000"] }));
    const args = ["/bin/sh", "-c", "busybox grep -E '^(Uid|Gid|Groups)' /proc/self/status >/out"];
    await container.exec({ args, user: { uid, gid } });
    const four = (id: number) => Array.from({ length: 4 }, () => id).join("\t");
    expect(output(container.bundle)).toBe(`Uid:\t${four(uid)}\nGid:\t${four(gid)}\nGroups:\t \n`);
  });
});
