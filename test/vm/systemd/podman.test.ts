// podman with this runtime where its users have it: on cgroup v2, with systemd's scopes, as root and as an
// ordinary user.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { RUNTIME } from "../../peers/runtime-under-test.ts";
import { USER } from "../accounts.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";
import { inSession } from "../sessions.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const FOLDER = "/srv/podman-test";
const MIB = 1024 * 1024;

interface Caller {
  readonly name: string;
  /** Where systemd has the scopes of its containers. */
  readonly slice: string;
  /** The words before podman. */
  readonly as: (command: readonly string[]) => readonly string[];
  readonly systemctl: readonly string[];
}

const CALLERS: readonly Caller[] = [
  { name: "root", slice: "/machine.slice", as: (command) => command, systemctl: ["systemctl"] },
  {
    name: "an ordinary user",
    slice: `/user.slice/user-${USER.id}.slice/user@${USER.id}.service/user.slice`,
    as: (command) => inSession(USER.name, command),
    systemctl: ["systemctl", "--user", `--machine=${USER.name}@.host`],
  },
];

describe.skipIf(!isGuest("systemd"))("podman, on cgroup v2 with systemd", () => {
  beforeAll(async () => {
    makeBusyboxRoot(FOLDER);
    const script = `chown -R ${USER.name} ${FOLDER} && loginctl enable-linger ${USER.name}`;
    expect((await run(["sh", "-c", script])).status).toBe(0);
  });
  afterAll(async () => {
    await run(["loginctl", "disable-linger", USER.name]);
    await run(["rm", "-rf", FOLDER]);
  });

  describe.each(CALLERS.map((caller) => [caller.name, caller] as const))("as %s", (_, caller) => {
    const podman = (...words: readonly string[]) =>
      run(caller.as(["podman", `--runtime=${RUNTIME}`, "--events-backend=none", ...words]));
    const options = ["--network=none", "--log-driver=k8s-file"];
    const inRoot = (...words: readonly string[]) => ["--rootfs", FOLDER, ...words];

    async function output(...words: readonly string[]): Promise<string> {
      const { status, stdout, stderr } = await podman(...words);
      expect([words[0], status, stderr]).toEqual([words[0], 0, ""]);
      return stdout.trim();
    }

    const inspect = (format: string) => output("inspect", "--format", format, "web");

    test("runs to the end, with the program's output and exit code", async () => {
      expect(await output("run", "--rm", ...options, ...inRoot("echo", "hello"))).toBe("hello");
      const failed = await podman("run", "--rm", ...options, ...inRoot("sh", "-c", "exit 7"));
      expect(failed.status).toBe(7);
    });

    test("a detached one is a scope with its limits, entered, paused, changed and removed", async () => {
      const limits = ["-m", "64m", "--pids-limit", "50"];
      const script = "echo up; exec sleep 1000";
      await output(
        "run",
        "-d",
        "--name",
        "web",
        ...limits,
        ...options,
        ...inRoot("sh", "-c", script),
      );
      const [id = "", cgroup = "", runtime] = (
        await inspect("{{.Id}} {{.State.CgroupPath}} {{.OCIRuntime}}")
      ).split(" ");
      expect(runtime).toBe(RUNTIME);
      expect(cgroup).toBe(`${caller.slice}/libpod-${id}.scope`);
      const read = (file: string) => readFileSync(`/sys/fs/cgroup${cgroup}/${file}`, "utf8").trim();
      expect([read("memory.max"), read("pids.max")]).toEqual([`${64 * MIB}`, "50"]);
      const shown = [...caller.systemctl, "show", `libpod-${id}.scope`, "--property=MemoryMax"];
      expect((await run(shown)).stdout).toBe(`MemoryMax=${64 * MIB}\n`);
      expect(await output("exec", "web", "id", "-u")).toBe("0");
      expect((await podman("exec", "web", "sh", "-c", "exit 9")).status).toBe(9);
      expect(await output("logs", "web")).toBe("up");
      expect(await output("stats", "--no-stream", "--format", "{{.PIDs}}", "web")).toBe("1");
      await output("pause", "web");
      expect(read("cgroup.events")).toContain("frozen 1");
      await output("unpause", "web");
      await output("update", "-m", "32m", "web");
      expect(read("memory.max")).toBe(`${32 * MIB}`);
      await podman("stop", "-t", "0", "web");
      expect(await inspect("{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 137");
      await output("start", "web");
      expect(await output("exec", "web", "cat", "/proc/1/cmdline")).toContain("sleep");
      await output("rm", "-f", "-t", "0", "web");
      expect(existsSync(`/sys/fs/cgroup${cgroup}`)).toBe(false);
    });
  });
});
