// What the container's process is given: user, environment, limits, file system, descriptors.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

describe.skipIf(NEEDS_ROOT)("process (as root)", () => {
  test("has the environment and folder that it is given", () => {
    const container = place.container({
      script: 'echo "$A"; env | wc -l; pwd',
      process: { env: ["PATH=/bin", "A=two words"], cwd: "/tmp" },
    });
    const lines = container.output().split("\n");
    expect(lines[0]).toBe("two words");
    expect(lines[2]).toBe("/tmp");
  });

  test("has a folder made that is not there, inside the root wherever links lead", () => {
    const container = place.container({ script: "pwd", process: { cwd: "/link/made" } });
    symlinkSync("../../../target", join(container.root, "link"));
    mkdirSync(join(container.root, "target"));
    expect(container.output()).toBe("/target/made\n");
    expect(statSync(join(container.root, "target/made")).isDirectory()).toBe(true);
  });

  test("is told that a folder can't be made", () => {
    for (const cwd of ["/dangling/made", "/etc/passwd/made", "/proc/made"]) {
      const container = place.container({ script: "pwd", process: { cwd } });
      symlinkSync("/nowhere", join(container.root, "dangling"));
      writeFileSync(join(container.root, "etc/passwd"), "");
      const { code, stderr } = container.run();
      expect([code, stderr]).toEqual([1, expect.stringContaining("enter the working directory")]);
    }
  });

  test("has a home folder when nobody says which", () => {
    const container = place.container({
      script: 'echo "$HOME"',
      process: { user: { uid: 1000, gid: 1000 } },
    });
    writeFileSync(join(container.root, "etc/passwd"), "u:x:1000:1000::/home/u:/bin/sh\n");
    expect(container.output()).toBe("/home/u\n");
  });

  test("is the user that it is told to be", () => {
    const user = { uid: 1000, gid: 1001, additionalGids: [7, 8], umask: 0o27 };
    const container = place.container({
      script: "id -u; id -g; id -G; umask; touch /tmp/x; stat -c %a /tmp/x",
      process: { user },
    });
    // The root is ours, and so is its /tmp.
    chmodSync(join(container.root, "tmp"), 0o777);
    expect(container.output()).toBe("1000\n1001\n1001 7 8\n0027\n640\n");
  });

  test("has the limits that it is given, and otherwise the caller's", () => {
    const container = place.container({
      script: "ulimit -S -n; ulimit -H -n; ulimit -c",
      process: {
        rlimits: [
          { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        ],
      },
    });
    expect(container.output()).toBe("100\n200\n0\n");
    const inherited = place.container({ script: "ulimit -S -n", process: { rlimits: [] } });
    const prefix = ["sh", "-c", 'ulimit -S -n 123; exec "$@"', "sh"];
    expect(inherited.output([], { prefix })).toBe("123\n");
  });

  test("has the capabilities that it is given", () => {
    const names = ["CAP_CHOWN", "CAP_KILL"];
    const container = place.container({
      script: "grep ^Cap /proc/self/status; grep NoNewPrivs /proc/self/status",
      process: {
        capabilities: {
          bounding: names,
          effective: names,
          permitted: names,
          inheritable: names,
          ambient: names,
        },
      },
    });
    expect(container.output().replaceAll(/\s+/g, " ")).toBe(
      "CapInh: 0000000000000021 CapPrm: 0000000000000021 CapEff: 0000000000000021 " +
        "CapBnd: 0000000000000021 CapAmb: 0000000000000021 NoNewPrivs: 1 ",
    );
  });

  test("has its score for the OOM killer", () => {
    const container = place.container({
      script: "cat /proc/self/oom_score_adj",
      process: { oomScoreAdj: 300 },
    });
    expect(container.output()).toBe("300\n");
  });

  test("sees no descriptor of the caller but those that it is told to pass on", () => {
    const container = place.container({ script: "ls /proc/self/fd | wc -l; cat <&3" });
    const prefix = [
      "sh",
      "-c",
      'echo content > f; exec 3<f 5</dev/null 7</dev/null; exec "$@"',
      "sh",
    ];
    const options = { prefix, cwd: place.folder };
    const result = container.run([], options);
    expect(result.stdout).toBe("4\n");
    expect(container.output(["--preserve-fds", "1"], options)).toBe("5\ncontent\n");
    expect(container.run(["--preserve-fds", "2"], options).stderr).toContain(
      "descriptor 4 is not open",
    );
  });

  test("starts with no signal ignored or blocked, whatever the caller ignores", () => {
    const container = place.container({
      args: ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"],
    });
    const nothing = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";
    expect(container.output()).toBe(nothing);
    const prefix = ["sh", "-c", 'trap "" HUP PIPE CHLD; exec "$@"', "sh"];
    expect(container.output([], { prefix })).toBe(nothing);
  });

  test("opens its own streams by name as another user", () => {
    const container = place.container({
      script: "echo out > /dev/stdout; echo err > /dev/stderr",
      process: { user: { uid: 1000, gid: 1000 } },
    });
    // Pipes: a socket, as a test's own streams are, cannot be opened by name.
    const prefix = ["sh", "-c", '{ "$@" 2>&3 | cat; } 3>&1 | cat', "sh"];
    expect(container.output([], { prefix }).split("\n").sort()).toEqual(["", "err", "out"]);
  });
});

test.skipIf(NEEDS_ROOT)(
  "another user gets pipes, but neither files nor the null device (as root)",
  () => {
    const script = "stat -L -c %u /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2";
    const container = place.container({ script, process: { user: { uid: 1000, gid: 1000 } } });
    // Standard input is the null device, output a file: both of the host, which keep their owners.
    const prefix = ["sh", "-c", '{ "$@" 2>&3 3>&- | cat >&4; } 3>&1 4>&1', "sh"];
    expect(container.run([], { prefix }).stdout).toBe("0\n1000\n0\n");
    expect(statSync("/dev/null").uid).toBe(0);
  },
);

describe.skipIf(NEEDS_ROOT)("the file system (as root)", () => {
  test("is the container's, read-only if asked for", () => {
    const container = place.container({
      script: "ls / | grep -v oldroot; touch /x 2>/dev/null || echo read-only",
      spec: { root: { path: "rootfs", readonly: true } },
    });
    expect(container.output()).toBe("bin\ndev\netc\nproc\nsys\ntmp\nread-only\n");
  });

  test("has its masked and read-only paths", () => {
    const container = place.container({
      script: "cat /etc/secret; ls /etc/folder | wc -l; touch /etc/fixed/x || echo refused",
      linux: {
        maskedPaths: ["/etc/secret", "/etc/folder", "/etc/nosuch"],
        readonlyPaths: ["/etc/fixed", "/etc/nosuch"],
      },
    });
    writeFileSync(join(container.root, "etc/secret"), "secret");
    for (const name of ["folder", "fixed"]) {
      mkdirSync(join(container.root, "etc", name));
    }
    writeFileSync(join(container.root, "etc/folder/x"), "");
    expect(container.output()).toBe("0\nrefused\n");
  });

  test("has its mounts: files, folders, tmpfs, with their options", () => {
    const source = join(place.folder, "source");
    mkdirSync(join(source, "below"), { recursive: true });
    writeFileSync(join(source, "file"), "host\n");
    const container = place.container({
      script:
        "cat /mnt/a/file /mnt/b; touch /mnt/a/x || echo refused; touch /mnt/w/x; stat -f -c %T /mnt/t; " +
        "grep -o ' /mnt/t .*size=1024k' /proc/self/mountinfo | grep -o 'noexec'",
      mounts: [
        { destination: "/mnt/a", type: "bind", source, options: ["rbind", "ro"] },
        { destination: "/mnt/b", source: join(source, "file"), options: ["bind"] },
        { destination: "/mnt/w", type: "bind", source, options: ["bind"] },
        { destination: "/mnt/t", type: "tmpfs", source: "tmpfs", options: ["noexec", "size=1m"] },
      ],
    });
    expect(container.output()).toBe("host\nhost\nrefused\ntmpfs\nnoexec\n");
  });

  test("gives a tmpfs the mode of the folder below it, or lets everybody write", () => {
    const container = place.container({
      script: "stat -c %a /mnt/new /etc/old",
      mounts: [
        { destination: "/mnt/new", type: "tmpfs", source: "tmpfs" },
        { destination: "/etc/old", type: "tmpfs", source: "tmpfs" },
      ],
    });
    mkdirSync(join(container.root, "etc/old"), { mode: 0o751 });
    expect(container.output()).toBe("1777\n751\n");
  });

  test("names the mount that fails, in the words that dockerd looks for", () => {
    const container = place.container({
      mounts: [{ destination: "/etc/file", type: "bind", source: place.folder, options: ["bind"] }],
    });
    writeFileSync(join(container.root, "etc/file"), "");
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("not a directory");
    expect(result.stderr).toContain("mounts[7]");
    const missing = place.container({
      mounts: [{ destination: "/x", type: "bind", source: "/nosuch", options: ["bind"] }],
    });
    expect(missing.create().stderr).toContain("no such file or directory");
  });

  test("keeps to itself where the image's links point outside", () => {
    const container = place.container({
      args: ["true"],
      mounts: [{ destination: "/link/x", type: "tmpfs", source: "tmpfs" }],
    });
    symlinkSync(place.folder, join(container.root, "link"));
    const outside = join(place.folder, "x");
    expect(container.run().code).toBe(0);
    expect(Bun.file(outside).size).toBe(0);
  });

  test("has its name, host name and namespaces", () => {
    const container = place.container({
      script:
        "hostname; cat /proc/sys/kernel/domainname; cat /proc/sys/net/ipv4/ip_forward; echo $$",
      spec: { hostname: "inside", domainname: "example" },
      linux: {
        sysctl: { "net.ipv4.ip_forward": "1" },
      },
    });
    expect(container.output()).toBe("inside\nexample\n1\n1\n");
  });

  test("has the devices that it is given, and may use no others", () => {
    const container = place.container({
      script:
        "stat -c '%F %a %t:%T' /dev/extra; head -c 1 /dev/extra >/dev/null || echo refused; head -c 1 /dev/zero | wc -c",
      linux: {
        devices: [{ path: "/dev/extra", type: "c", major: 1, minor: 11, fileMode: 0o640 }],
        resources: { devices: [{ allow: false, access: "rwm" }] },
      },
    });
    expect(container.output()).toBe("character special file 640 1:b\nrefused\n1\n");
  });
});

describe.skipIf(NEEDS_ROOT)("a program that is not there (as root)", () => {
  test.each([
    ["nosuch", 'exec: "nosuch": executable file not found in $PATH'],
    ["/nosuch", 'exec: "/nosuch": no such file or directory'],
    ["/etc", 'exec: "/etc": permission denied'],
    ["/etc/text", 'exec: "/etc/text": permission denied'],
  ])("fails create, in the words that clients know: %s", (program, text) => {
    const container = place.container({ args: [program] });
    writeFileSync(join(container.root, "etc/text"), "text", { mode: 0o644 });
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      `ocicat-runtime create failed: unable to start container process: ${text}`,
    );
    expect(container.verb("state").code).toBe(1);
  });
});
