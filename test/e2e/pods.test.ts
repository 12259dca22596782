// Pods: containers that share namespaces, with a process that keeps these.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ContainerFolder } from "../../src/engine/containers/container-folder.ts";
import { readProcessStat } from "../../src/sys/process.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { isGone } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const CGROUP_PARENT = `octest-${process.pid}`;
const WAIT = "while :; do sleep 1000 & wait $!; done";

describe.skipIf(NEEDS_ROOT)("as root: pods", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.reap();
    place.outputOf("pod rm", "-f", "--all");
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const createPod = (...flags: readonly string[]): string =>
    place.outputOf("pod create", "--cgroup-parent", CGROUP_PARENT, ...flags).trim();

  /** A member that goes on. Returns its id. */
  const member = (pod: string, name: string, script: string, ...flags: readonly string[]): string =>
    place
      .outputOf(
        "run",
        ...flags,
        "-d",
        "--pod",
        pod,
        "--name",
        name,
        place.image,
        "sh",
        "-c",
        script,
      )
      .trim();

  const exitCodeOf = (name: string): string =>
    place.outputOf("inspect", "--format", "{{.State.ExitCode}}", name).trim();

  /** What a member wrote that has ended. */
  const said = (pod: string, script: string, ...flags: readonly string[]): string =>
    place.outputOf("run", ...flags, "--rm", "--pod", pod, place.image, "sh", "-c", script);

  const stateOf = (pod: string): string =>
    place.outputOf("pod inspect", "--format", "{{.State}}", pod).trim();

  const pidOf = (name: string): number =>
    Number(place.outputOf("inspect", "--format", "{{.State.Pid}}", name));

  test("its containers are stopped at the same time", async () => {
    createPod("--name", "busy");
    const others = ["one", "two", "three"].map((name) => `-e /dev/shm/${name}`).join(" -a ");
    const end = (name: string) =>
      `trap "touch /dev/shm/${name}; until [ ${others} ]; do sleep 0.02; done; exit 0" TERM`;
    for (const name of ["one", "two", "three"]) {
      member("busy", name, `${end(name)}; echo ready; ${WAIT}`);
      await eventually("its trap", () => place.outputOf("logs", name) === "ready\n");
    }
    place.outputOf("pod stop", "-t", "20", "busy");
    expect(["one", "two", "three"].map(exitCodeOf)).toEqual(["0", "0", "0"]);
    expect(stateOf("busy")).toBe("Exited");
  });

  test("a container that is removed meanwhile is no failure of its pod", async () => {
    createPod("--name", "loose");
    for (const name of ["first", "second"]) {
      place.outputOf("create", "--pod", "loose", "--name", name, place.image, "sh", "-c", WAIT);
    }
    const begin = () => Bun.spawn([place.program, "pod", "start", ...place.flags, "loose"]);
    const starts: ReturnType<typeof begin>[] = [];
    {
      using folder = ContainerFolder.open(place.store, place.idOf("first"));
      using _lock = folder.lock();
      starts.push(begin());
      const waiting = new RegExp(`-> FLOCK .* ${starts[0]?.pid} `);
      await eventually("it to wait for the first", () =>
        waiting.test(readFileSync("/proc/locks", "utf8")),
      );
      place.outputOf("rm", "second");
    }
    expect(await starts[0]?.exited).toBe(0);
    expect(place.outputOf("ps", "--format", "{{.Names}}")).toBe("first\n");
  });

  const podPid = (pod: string): number =>
    Number(place.outputOf("pod inspect", "--format", "{{.InfraConfig.Pid}}", pod));

  const namespace = (pid: number, type: string): string => readlinkSync(`/proc/${pid}/ns/${type}`);

  test("from creation to removal, with the states that podman has", async () => {
    const id = createPod("--name", "web", "-l", "tier=front");
    expect(stateOf("web")).toBe("Created");
    expect(place.outputOf("pod ps", "-q", "--no-trunc", "--filter", "label=tier")).toBe(`${id}\n`);
    expect(place.outputOf("inspect", "--format", "{{.Id}} {{.NumContainers}}", "web")).toBe(
      `${id} 1\n`,
    );
    expect(place.call("inspect", ["--type", "container", "web"]).status).toBe(1);
    const first = member("web", "one", WAIT);
    member("web", "two", WAIT);
    expect(stateOf("web")).toBe("Running");
    expect(place.outputOf("pod ps", "--ctr-names")).toContain("one,two\n");
    expect(place.outputOf("ps", "--pod", "--format", "{{.Names}} {{.PodName}}")).toBe(
      "two web\none web\n",
    );
    expect(place.outputOf("ps", "-q", "--no-trunc", "--filter", "pod=web", "-l")).not.toBe("");
    place.outputOf("kill", first);
    expect(stateOf("web")).toBe("Degraded");
    place.outputOf("pod pause", "web");
    expect(place.outputOf("ps", "--format", "{{.State}}")).toBe("paused\n");
    place.outputOf("pod unpause", "web");
    place.outputOf("pod stop", "-t", "0", "web");
    expect(stateOf("web")).toBe("Exited");
    expect(place.outputOf("pod start", "web")).toBe(`${id}\n`);
    expect(stateOf("web")).toBe("Running");
    expect(place.outputOf("pod top", "web", "-o", "pid,args")).toContain("sleep 1000");
    expect(place.call("pod rm", ["web"]).stderr).toContain('container "one" is running');
    expect(place.outputOf("pod kill", "web")).toBe(`${id}\n`);
    expect(stateOf("web")).toBe("Exited");
    expect(place.outputOf("pod prune", "--force")).toBe(`${id}\n`);
    expect(place.call("pod exists", ["web"]).status).toBe(1);
    await place.expectNothingLeft();
  });

  test("network, host name, /dev/shm and hosts are one; pids are each one's own", async () => {
    createPod("--name", "shared", "--add-host", "db:10.0.0.9", "--shm-size", "1m");
    const serve = "mkdir /www; echo hello > /www/index.html; busybox httpd -f -p 8080 -h /www";
    member("shared", "server", `echo kept > /dev/shm/file; ${serve}`);
    const fetch = "busybox wget -qO- http://localhost:8080/ && cat /dev/shm/file";
    const run = ["--rm", "--pod", "shared", place.image, "sh", "-c", fetch];
    const isServed = (): boolean => place.call("run", run).stdout === "hello\nkept\n";
    await eventually("the server's answer", isServed);
    expect(said("shared", "hostname; cat /etc/hostname; echo $HOSTNAME")).toBe(
      "shared\nshared\nshared\n",
    );
    expect(said("shared", "grep db /etc/hosts; grep /dev/shm /proc/mounts")).toMatch(
      /^10\.0\.0\.9\tdb\n.* \/dev\/shm tmpfs rw,nosuid,nodev,noexec.*size=1024k/,
    );
    expect(said("shared", "echo $$")).toBe("1\n");
    const [pod, server] = [podPid("shared"), pidOf("server")];
    for (const type of ["net", "ipc", "uts"]) {
      expect([type, namespace(server, type)]).toEqual([type, namespace(pod, type)]);
    }
    for (const type of ["pid", "mnt", "cgroup"]) {
      expect(namespace(server, type)).not.toBe(namespace(pod, type));
    }
    expect(
      await place.output(["--ipc", "container:server", place.image, "cat", "/dev/shm/file"]),
    ).toBe("kept\n");
  });

  test("in a shared pid namespace the pod's process is the first, and reaps", async () => {
    createPod("--share", "+pid", "--name", "pids");
    member("pids", "other", WAIT);
    said("pids", "(busybox true & busybox true &) & wait");
    expect(said("pids", "busybox ps -o args")).toContain("sleep 1000");
    const zombies = (): string => said("pids", "grep -l 'State:.Z' /proc/[0-9]*/status || true");
    await eventually("the end of orphans", () => zombies() === "");
    expect(place.outputOf("exec", "other", "cat", "/proc/1/comm")).toBe("pause\n");
  });

  test("limits are the pod's, the cgroup is the parent of all", () => {
    const id = createPod("--memory", "64m", "--name", "limited");
    member("limited", "inside", WAIT);
    const folder = podCgroup(id);
    const names = readdirSync(folder).filter((name) => name.startsWith("ocicat-"));
    expect(names.toSorted()).toEqual([`ocicat-${id}`, `ocicat-${place.idOf("inside")}`].toSorted());
    const limit = ["memory.limit_in_bytes", "memory.max"]
      .map((name) => join(folder, name))
      .find((path) => existsSync(path));
    expect(readFileSync(limit ?? "", "utf8")).toBe(`${64 * 2 ** 20}\n`);
  });

  test("--exit-policy stop ends the pod with its last container; --pod new: makes one", async () => {
    createPod("--exit-policy", "stop", "--name", "short");
    expect(said("short", "echo done")).toBe("done\n");
    expect(stateOf("short")).toBe("Exited");
    expect(said("new:fresh", "hostname")).toBe("fresh\n");
    expect(stateOf("fresh")).toBe("Running");
    expect(place.call("pod exists", ["fresh"]).status).toBe(0);
    // Made without our --cgroup-parent.
    place.outputOf("pod rm", "-f", "fresh");
  });

  test("--pod new: with a volume makes one pod, and none for a container that does not start", () => {
    const start = (...words: readonly string[]) =>
      place.call("run", ["--rm", "--pod", "new:fresh", ...words, place.image, "true"]);
    expect(start("-v", "data:/data")).toEqual({ status: 0, stdout: "", stderr: "" });
    place.outputOf("pod rm", "-f", "fresh");
    expect(start("--workdir", "/etc/passwd").status).toBe(126);
    expect(place.call("run", ["--pod", "new:fresh", "--pull", "never", "none"]).status).toBe(125);
    expect(place.outputOf("pod ps", "-q")).toBe("");
    place.outputOf("volume rm", "data");
  });

  test("a process that is killed comes back, and its containers find each other again", async () => {
    createPod("--restart", "always", "--share", "+pid", "--name", "steady");
    member("steady", "one", WAIT, "--stop-timeout", "0");
    member("steady", "two", WAIT, "--stop-timeout", "0");
    const before = podPid("steady");
    process.kill(before, "SIGKILL");
    const isRenewed = (): boolean => {
      const [pod, one, two] = [podPid("steady"), pidOf("one"), pidOf("two")];
      const isNew = pod !== 0 && pod !== before;
      return isNew && [one, two].every((pid) => networkOf(pid) === networkOf(pod));
    };
    await eventually("the new namespaces", isRenewed);
    // What an ended holder starts is not in the pid namespace that its container had joined.
    expect(namespace(parentOf(pidOf("one")), "pid")).toBe(readlinkSync("/proc/self/ns/pid"));
    expect(stateOf("steady")).toBe("Running");
  });

  test("a process that comes back takes those with --rm along", async () => {
    createPod("--restart", "always", "--name", "steady");
    member("steady", "brief", WAIT, "--stop-timeout", "0", "--rm");
    const before = podPid("steady");
    process.kill(before, "SIGKILL");
    await eventually("the new namespaces", () => {
      const [pod, brief] = [podPid("steady"), pidOf("brief")];
      return pod !== 0 && pod !== before && networkOf(brief) === networkOf(pod);
    });
    expect(stateOf("steady")).toBe("Running");
  });

  test("restart brings those with --rm back, too", () => {
    const id = createPod("--name", "again");
    const ids = ["brief", "long"].map((name) =>
      member("again", name, WAIT, ...(name === "brief" ? ["--rm"] : [])),
    );
    expect(place.outputOf("pod restart", "-t", "0", "again")).toBe(`${id}\n`);
    const running = place.outputOf("ps", "-q", "--no-trunc", "--filter", "pod=again");
    expect(running).toBe(
      ids
        .toReversed()
        .map((each) => `${each}\n`)
        .join(""),
    );
  });

  test("after a reboot the states are right, and the pod starts again", async () => {
    createPod("--name", "booted");
    // An image's files would be mounted below the folder that a reboot empties.
    const words = ["--rootfs", place.root, "/bin/sh", "-c", WAIT];
    place.outputOf("run", "-d", "--pod", "booted", "--name", "one", ...words);
    const pids = [podPid("booted"), pidOf("one")];
    const holders = pids.map((pid) => parentOf(pid));
    for (const pid of [...holders, ...pids]) {
      process.kill(pid, "SIGKILL");
    }
    await eventually("their end", () => {
      place.reap();
      return [...holders, ...pids].every(isGone);
    });
    rmSync(place.state, { recursive: true });
    expect(stateOf("booted")).toBe("Dead");
    place.outputOf("pod start", "booted");
    expect(stateOf("booted")).toBe("Running");
  });

  test("podman's flags choose pods and columns", () => {
    const file = join(place.folder, "pod-id");
    const ids = ["beta", "alpha"].map((name) =>
      createPod("--name", name, "--replace", ...(name === "beta" ? ["--pod-id-file", file] : [])),
    );
    const names = (...flags: readonly string[]) =>
      place.outputOf("pod ps", "--format", "{{.Name}}", ...flags).trim();
    expect(names()).toBe("alpha\nbeta");
    expect(names("--sort", "name")).toBe("alpha\nbeta");
    expect(JSON.parse(place.outputOf("pod ps", "--format", "json", "-f", "name=beta"))).toEqual([
      expect.objectContaining({ Id: ids[0], Name: "beta", Status: "Created", Networks: ["none"] }),
    ]);
    expect(names("-f", "name=^be", "-f", "ctr-number=1", "-f", "network=none")).toBe("beta");
    expect(names("-f", "until=1h")).toBe("");
    expect(names("-f", "label!=x", "-f", "status=created")).toBe("alpha\nbeta");
    expect(place.call("pod ps", ["-f", "status=up"]).stderr).toContain("one of created, running");
    expect(place.call("pod ps", ["--sort", "age"]).stderr).toContain("it is one of created");
    const [line = ""] = place.outputOf("pod ps", "--noheading", "--ns", "-l").split("\n");
    expect(line).toMatch(/^[0-9a-f]{12} +alpha +Created .* 1 +network|ipc/);
    expect(place.outputOf("pod start", "--pod-id-file", file)).toBe(`${ids[0]}\n`);
    expect(place.outputOf("pod inspect", "-l", "-f", "{{.Name}}")).toBe("alpha\n");
    expect(place.outputOf("pod start", "-l")).toBe(`${ids[1]}\n`);
    expect(place.outputOf("pod stats", "--all", "--no-stream", "--no-reset")).toBe("");
    expect(place.outputOf("pod stop", "-t", "0", "--ignore", "-l")).toBe(`${ids[1]}\n`);
    expect(place.outputOf("pod stop", "--ignore", "nobody")).toBe("");
    expect(place.call("pod rm", ["-t", "1", "alpha"]).stderr).toContain("it needs --force");
    expect(place.outputOf("pod rm", "-f", "-t", "0", "--pod-id-file", file)).toBe(`${ids[0]}\n`);
    const [, replaced] = [createPod("--name", "alpha", "--replace"), names("-l")];
    expect(replaced).toBe("alpha");
    expect(place.outputOf("pod rm", "-a").trim()).not.toBe(ids[1]);
    expect(place.call("pod kill", ["-l"]).stderr).toContain("find the latest pod: there is none");
  });

  test("what does not go is refused in a sentence", () => {
    createPod("--name", "strict");
    const refusal = (command: string, ...words: readonly string[]): string => {
      const { status, stderr } = place.call(command, words);
      expect(status).not.toBe(0);
      return stderr;
    };
    const run = (...flags: readonly string[]) =>
      refusal("run", "--rm", "--pod", "strict", ...flags, place.image, "true");
    expect(run("--network", "host")).toContain('pod "strict" decides that');
    expect(run("--hostname", "own")).toContain('pod "strict" decides that');
    expect(refusal("stop", "strict")).toContain("it is a pod");
    expect(refusal("pod stop", "nobody")).toContain("there is none of this name or id");
    expect(refusal("run", "--pod", "nobody", place.image, "true")).toContain('find pod "nobody"');
    expect(refusal("pod create", "--network", "lan")).toContain("named networks are not there yet");
    expect(refusal("pod create", "--share", "mnt")).toContain("ipc, net, uts, pid, cgroup");
    expect(refusal("pod create", "strict")).toContain("in use by another container or pod");
    expect(refusal("create", "--name", "strict", place.image)).toContain("in use by another");
  });
});

/** Undefined: there is no such process. */
function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number {
  return readProcessStat(pid)?.parentPid ?? Number.NaN;
}

/** In the tree that limits memory. */
function podCgroup(id: string): string {
  const tree = existsSync("/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
  return join(tree, CGROUP_PARENT, `ocicat-pod-${id}`);
}
