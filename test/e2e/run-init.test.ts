// --init: our own first process in a container.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: --init", () => {
  const place = new ContainerPlace();
  let image = "";
  beforeAll(() => {
    image = place.image;
  });
  afterEach(async () => {
    place.clear();
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  const run = (script: string, ...flags: string[]) =>
    place.run(["--init", ...flags, image, "sh", "-c", script]);

  test("is there in any image, and ends as the process does", async () => {
    const seen = await run("cat /proc/1/comm; echo $$ $PPID; exit 7", "--read-only");
    expect([seen.status, seen.stdout]).toEqual([7, "ocicat-init\n2 1\n"]);
    expect((await run("kill -9 $$")).status).toBe(137);
    expect((await place.run(["--init", image, "nope"])).status).toBe(127);
    expect((await run("cat /proc/$PPID/comm; exit 3", "--pid", "host")).stdout).toBe(
      "ocicat-init\n",
    );
    const user = await run("cat /proc/1/comm", "--uidmap", "0:100000:100", "-u", "9");
    expect([user.status, user.stdout]).toEqual([0, "ocicat-init\n"]);
  });

  test("has the process's privileges and filter, and no descriptors of its own", async () => {
    const compared = "grep -hE '^(Cap|Seccomp:|NoNewPrivs|Uid)' /proc/1/status /proc/2/status";
    const { stdout } = await run(`${compared}; ls /proc/1/fd | tail -1; cat /proc/1/environ`);
    const lines = stdout.trim().split("\n");
    expect(lines.pop()).toBe("2");
    expect(lines.length).toBe(16);
    expect(lines.slice(0, 8)).toEqual(lines.slice(8));
  });

  test("hands signals on and reaps orphans", async () => {
    const script =
      "trap 'echo ended; exit 5' TERM; (sleep 0 &); echo ready; while :; do sleep 0.1; done";
    place.detach("one", script, "--init");
    await eventually("its first line", () => place.outputOf("logs", "one").includes("ready"));
    await eventually(
      "the orphan's end",
      () => !place.outputOf("exec", "one", "ps").includes("[sleep]"),
    );
    place.outputOf("stop", "-t", "30", "one");
    expect(place.outputOf("inspect", "-f", "{{.State.ExitCode}} {{.HostConfig.Init}}", "one")).toBe(
      "5 true\n",
    );
    expect(place.outputOf("logs", "one")).toContain("ended\n");
  });

  test("gives the process the terminal", async () => {
    const stat = "cut -d' ' -f5,8 /proc/self/stat; read -r line; echo got $line";
    place.detach("terminal", `exec sh -c "${stat.replace("$line", "\\$line")}"`, "--init", "-t");
    await eventually("its line", () => place.outputOf("logs", "terminal").includes(" "));
    const [group, foreground] = place.outputOf("logs", "terminal").trim().split(/\s+/);
    expect(group).toBe(foreground);
  });
});
