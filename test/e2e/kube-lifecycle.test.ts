// Lifecycle hooks of kube play: when they are done, what they delay, and what follows when they fail.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: lifecycle hooks of kube play", () => {
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

  /** Its only container writes into `folder`, at /told/file. */
  const pod = (folder: string, lifecycle: string, spec = "") => `kind: Pod
metadata: {name: web}
spec:
  restartPolicy: Always
  terminationGracePeriodSeconds: 20
  containers:
  - name: one
    image: ${place.image}
    command:
    - sh
    - -c
    - |
      trap 'echo ends >> /told/file; exit 0' TERM
      echo begins >> /told/file
      while :; do busybox usleep 20000; done
    lifecycle: ${lifecycle}
    volumeMounts: [{name: told, mountPath: /told}]
  volumes: [{name: told, hostPath: {path: ${folder}}}]
${spec}`;

  const play = (yaml: string) =>
    place.call("kube play", ["--cgroup-parent", `octest-${process.pid}`, "-"], { input: yaml });

  const events = (action: string): string =>
    place.outputOf(
      "events",
      "--no-stream",
      "--filter",
      `event=${action}`,
      "--format",
      "{{.Actor.Attributes.hook}}: {{.Actor.Attributes.reason}}",
    );

  const hook = (script: string) => `{exec: {command: [sh, -c, ${JSON.stringify(script)}]}}`;

  test("a start waits for postStart, the signal of a stop for preStop", async () => {
    const folder = place.makeFolder("told");
    const told = () => readFileSync(join(folder, "file"), "utf8");
    const after =
      "until [ -s /told/file ]; do busybox usleep 10000; done; echo started >> /told/file";
    const before = "busybox usleep 50000; echo stopping >> /told/file";
    const yaml = pod(folder, `{postStart: ${hook(after)}, preStop: ${hook(before)}}`);
    const first = play(yaml);
    expect([first.status, first.stderr]).toEqual([0, ""]);
    expect(told()).toBe("begins\nstarted\n");
    place.outputOf("restart", "web-one");
    const round = "begins\nstarted\nstopping\nends\n";
    expect(told()).toBe(`${round}begins\nstarted\n`);
    const lifecycle = place.outputOf("inspect", "-f", "{{json .Config.Lifecycle}}", "web-one");
    expect(JSON.parse(lifecycle)).toEqual({
      PostStart: ["CMD", "sh", "-c", after],
      PreStop: ["CMD", "sh", "-c", before],
    });
    const generated = place.outputOf("kube generate", "web");
    expect(place.call("kube down", ["-"], { input: yaml }).status).toBe(0);
    expect(told()).toBe(`${round}${round}`);
    expect(play(generated).stderr).toBe("");
    expect(place.outputOf("kube generate", "web")).toBe(generated);
    process.kill(Number(place.outputOf("inspect", "-f", "{{.State.Pid}}", "web-one")), "SIGKILL");
    const again = `${round}${round}begins\nstarted\nbegins\nstarted\n`;
    await eventually("its restart policy's start", () => told() === again);
    // Whoever gives no time wants no hook.
    place.outputOf("stop", "-t", "0", "web-one");
    // Its own trap may be quicker than the SIGKILL, or not.
    expect([again, `${again}ends\n`]).toContain(told());
    expect(events("hook_failed")).toBe("");
  });

  test("one whose postStart fails ends as if it had died; a preStop that fails only is told", async () => {
    const folder = place.makeFolder("failing");
    const failing = hook("echo no good >&2; exit 3");
    const yaml = pod(folder, `{postStart: ${failing}}`).replace("Policy: Always", "Policy: Never");
    const { status, stderr } = play(yaml);
    expect(status).toBe(0);
    expect(stderr).toContain("container web-one is ended: its postStart hook failed: no good");
    expect(place.outputOf("inspect", "-f", "{{.State.Status}}", "web-one")).toBe("exited\n");
    expect(events("hook_failed")).toBe("postStart: no good\n");
    place.outputOf("pod rm", "-f", "web");
    // Its restart policy starts another one again and again, which the play does not wait for.
    expect(play(pod(folder, `{postStart: ${failing}}`)).status).toBe(0);
    const restarts = () => Number(place.outputOf("inspect", "-f", "{{.RestartCount}}", "web-one"));
    await eventually("two restarts", () => restarts() >= 2);
    place.outputOf("pod rm", "-f", "web");
    const missing = "{exec: {command: [/nosuch]}}";
    const other = place.makeFolder("missing");
    expect(play(pod(other, `{preStop: ${missing}}`)).stderr).toBe("");
    // By then it heeds the signal.
    await eventually("its beginning", () => existsSync(join(other, "file")));
    place.outputOf("stop", "web-one");
    expect(events("hook_failed")).toMatch(/^preStop: .*"\/nosuch".*no such file or directory/m);
    expect(place.outputOf("inspect", "-f", "{{.State.ExitCode}}", "web-one")).toBe("0\n");
  });

  test("a preStop has the time of the stop, and leaves a little of it", () => {
    const folder = place.makeFolder("slow");
    expect(play(pod(folder, `{preStop: ${hook("sleep 1000")}}`)).stderr).toBe("");
    place.outputOf("stop", "-t", "1", "web-one");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("begins\nends\n");
    expect(events("hook_failed")).toContain("preStop: it was not done after 1 s\n");
  });

  test.each([
    ["a program", '{exec: {command: [sh, -c, "touch /told/hook; sleep 1000"]}}', "hook"],
    ["a pause", "{sleep: {seconds: 1000}}", "file"],
  ])("ctrl-c ends a play that waits for %s, and leaves nothing", async (what, hooks, mark) => {
    const folder = place.makeFolder(what.replace(" ", "-"));
    const group = ["--cgroup-parent", `octest-${process.pid}`];
    const child = Bun.spawn([place.program, "kube", "play", ...place.flags, ...group, "-"], {
      stdin: new Blob([pod(folder, `{postStart: ${hooks}}`)]),
      stdout: "ignore",
      stderr: "pipe",
    });
    await eventually("the hook", () => existsSync(join(folder, mark)));
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(place.outputOf("pod ps", "-q")).toBe("");
    expect(place.outputOf("ps", "-aq")).toBe("");
  });

  test("hooks that ask a port, and that only take their time", () => {
    const folder = place.makeFolder("asking");
    const server = "busybox httpd -p 8080 -h /told && touch /told/served";
    const http = "{httpGet: {path: /served, port: 8080}}";
    const yaml = pod(folder, `{postStart: ${hook(server)}, preStop: ${http}}`);
    expect(play(yaml).stderr).toBe("");
    expect(existsSync(join(folder, "served"))).toBe(true);
    place.outputOf("stop", "web-one");
    place.outputOf("pod rm", "-f", "web");
    expect(events("hook_failed")).not.toContain("preStop: it ended");
    const sleeping = pod(folder, "{preStop: {sleep: {seconds: 1}}}");
    expect(play(sleeping).stderr).toBe("");
    const began = performance.now();
    place.outputOf("stop", "web-one");
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(place.outputOf("kube generate", "web")).toContain("sleep:\n            seconds: 1\n");
  });
});
