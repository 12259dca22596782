// What is handed to the caller or to the container beside its streams: pidfds, listening sockets, the
// word that it is ready. And flags that few callers use.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../../src/abi/process.ts";
import { call } from "../../src/sys/call.ts";
import { addressOf } from "../../src/sys/entry.ts";
import { OwnedFd } from "../../src/sys/file.ts";
import { bytes, decodeText } from "../../src/sys/memory.ts";
import { poll } from "../../src/sys/poll.ts";
import { trySignalPidfd } from "../../src/sys/process.ts";
import { listenUnixAt, receiveMessage, unixSocket } from "../../src/sys/socket.ts";
import { eventually } from "../peers/conditions.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const place = new RuntimePlace();
const POLLIN = 1;

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

/** The descriptor is the caller's to dispose. */
function listen(name: string): OwnedFd {
  const directory = openSync(place.folder, "r");
  const fd = listenUnixAt(directory, name, SOCK_STREAM);
  closeSync(directory);
  return new OwnedFd(fd);
}

function datagramSocket(path: string): OwnedFd {
  const address = bytes(2 + path.length + 1);
  address[0] = AF_UNIX;
  address.set(new TextEncoder().encode(path), 2);
  const fd = unixSocket(SOCK_DGRAM);
  expect(call("bind", fd, addressOf(address), address.length)).toBe(0);
  return new OwnedFd(fd);
}

function pidOf(pidfd: number): number {
  const text = readFileSync(`/proc/self/fdinfo/${pidfd}`, "utf8");
  return Number(/^Pid:\t(-?\d+)$/m.exec(text)?.[1]);
}

describe.skipIf(NEEDS_ROOT)("a pidfd (as root)", () => {
  test("of the container's process comes over the socket", async () => {
    using listener = listen("pidfd");
    const path = join(place.folder, "pidfd");
    const container = place.container();
    expect(container.create(["--pidfd-socket", path])).toMatchObject({ code: 0, stderr: "" });
    using connection = new OwnedFd(call("accept4", listener.number, 0, 0, 0));
    const [received = -1] = receiveMessage(connection.number, 4096).descriptors;
    using pidfd = new OwnedFd(received);
    expect(pidOf(pidfd.number)).toBe(container.pid);
    expect(trySignalPidfd(pidfd.number, 9)).toBe(0);
    await eventually("it has ended", () => container.status() === "stopped");
  });

  test("of an exec's process too", () => {
    using listener = listen("pidfd-exec");
    const path = join(place.folder, "pidfd-exec");
    const container = place.container().launch();
    const result = container.exec(["sh", "-c", "exit 3"], ["--pidfd-socket", path]);
    expect(result.code).toBe(3);
    using connection = new OwnedFd(call("accept4", listener.number, 0, 0, 0));
    const { descriptors } = receiveMessage(connection.number, 4096);
    expect(descriptors).toHaveLength(1);
    closeSync(descriptors[0] ?? -1);
  });
});

describe.skipIf(NEEDS_ROOT)("a service manager's gifts (as root)", () => {
  test("listening sockets reach the process, with their names", () => {
    const container = place.container({
      script:
        'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"; cat <&3; cat <&4; ls /proc/self/fd | wc -l',
    });
    const give =
      'echo one > f1; echo two > f2; exec 3<f1 4<f2 5<f2; export LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID=$$; exec "$@"';
    const options = { prefix: ["sh", "-c", give, "sh"], cwd: place.folder };
    expect(container.output([], options)).toBe("2 1 a:b\none\ntwo\n6\n");
    // Meant for another process.
    const other = { ...options, prefix: ["sh", "-c", give.replace("$$", "1"), "sh"] };
    expect(container.run([], other).stdout.split("\n")[0]).toBe("  ");
  });

  test("hears that the container is ready, and of its own pid", () => {
    const path = join(place.folder, "notify");
    using socket = datagramSocket(path);
    // syslog(3) is the one way of busybox to send a datagram to a socket of a name.
    const send = 'ln -s "$NOTIFY_SOCKET" /dev/log; logger "$(printf "STATUS=x\\nREADY=1")"';
    const container = place.container({ script: `${send}; echo sent; sleep 600` });
    const env = { NOTIFY_SOCKET: path };
    expect(container.create([], { env })).toMatchObject({ code: 0, stderr: "" });
    expect(container.verb("start", [], { env })).toMatchObject({ code: 0, stderr: "" });
    const [events = 0] = poll([{ fd: socket.number, events: POLLIN }], 60_000);
    expect(events).toBe(POLLIN);
    const buffer = bytes(4096);
    const length = call("read", socket.number, addressOf(buffer), buffer.length);
    expect(decodeText(buffer.subarray(0, length))).toBe(`MAINPID=${container.pid}\nREADY=1`);
  });
});

describe.skipIf(NEEDS_ROOT)("flags that few use (as root)", () => {
  test("--no-pivot makes a container all the same", () => {
    const container = place.container({ script: "ls /; echo $$" });
    expect(container.output(["--no-pivot"])).toBe(container.output());
  });

  test("--no-new-keyring and --no-mount-fallback are taken", () => {
    const container = place.container({ args: ["true"] });
    expect(container.run(["--no-new-keyring", "--no-mount-fallback", "--no-subreaper"]).code).toBe(
      0,
    );
  });

  test("exec --cgroup puts the process into a cgroup below the container's", () => {
    const container = place.container().launch();
    const pids = join("/sys/fs/cgroup/pids", place.cgroup, container.id);
    const trees = existsSync(pids)
      ? readFileSync("/proc/self/cgroup", "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split(":")[1] ?? "")
          .map((tree) => tree.replace("name=", "") || "unified")
          .map((tree) => join("/sys/fs/cgroup", tree, place.cgroup, container.id, "below"))
      : [join("/sys/fs/cgroup", place.cgroup, container.id, "below")];
    for (const tree of trees) {
      mkdirSync(tree);
      // A cpuset of v1 takes no process before it has CPUs and memory.
      for (const file of ["cpuset.cpus", "cpuset.mems"].map((name) => join(tree, name))) {
        if (existsSync(file)) {
          writeFileSync(file, readFileSync(file.replace("/below/", "/"), "utf8"));
        }
      }
    }
    const result = container.exec(["cat", "/proc/self/cgroup"], ["--cgroup", "below"]);
    expect(result.stderr).toBe("");
    expect(result.stdout).toContain(`${container.id}/below`);
    const outside = container.exec(["true"], ["--cgroup", "../x"]);
    expect(outside.code).toBe(255);
    for (const tree of trees) {
      rmdirSync(tree);
    }
  });

  test.skipIf(!existsSync("/sys/fs/cgroup/pids"))(
    "exec --cgroup CONTROLLER:PATH does so in that controller's tree alone (needs cgroup v1)",
    () => {
      const container = place.container().launch();
      const below = join("/sys/fs/cgroup/pids", place.cgroup, container.id, "below");
      mkdirSync(below);
      const show = ["cat", "/proc/self/cgroup"];
      const { stdout, stderr } = container.exec(show, ["--cgroup", "pids:below"]);
      expect(stderr).toBe("");
      expect(stdout).toMatch(new RegExp(`:pids:${place.cgroup}/${container.id}/below$`, "m"));
      expect(stdout).toMatch(new RegExp(`:freezer:${place.cgroup}/${container.id}$`, "m"));
      const unknown = container.exec(["true"], ["--cgroup", "nosuch:below"]);
      expect(unknown.code).toBe(255);
      expect(unknown.stderr).toContain('no cgroup of a controller "nosuch" alone');
      const two = container.exec(["true"], ["--cgroup", "below", "--cgroup", "pids:below"]);
      expect(two.stderr).toContain('invalid --cgroup argument: "below" has no controller');
      rmdirSync(below);
    },
  );

  test("exec --ignore-paused starts a process that runs once the container does", async () => {
    const container = place.container().launch();
    container.verb("pause");
    const words = ["exec", "--ignore-paused", container.id, "sh", "-c", "exit 6"];
    const child = Bun.spawn(place.command(words), { stdout: "ignore" });
    await Bun.sleep(200);
    expect(child.exitCode).toBeNull();
    container.verb("resume");
    expect(await child.exited).toBe(6);
  });
});
