// The process of `ocicat run`: what the image and the flags make of it.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: the process", () => {
  const place = new RunPlace();
  let root = "";
  let image = "";
  beforeAll(() => {
    root = makeBusyboxRoot(place.makeFolder("rootfs"));
    image = makeLayout(place.folder, root);
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const sh = (script: string, ...flags: string[]) =>
    place.output([...flags, image, "sh", "-c", script]);

  test("the image's command, in its directory, with its variables", async () => {
    expect(await place.output([image])).toBe("the image's command\n");
    expect(await sh("pwd; echo $FROM_IMAGE $HOME $PATH")).toBe("/home\nyes /root /bin\n");
  });

  test("a folder as the root file system", async () => {
    expect(await place.output(["--rootfs", root, "/bin/cat", "/etc/issue"])).toBe(
      "an image for tests\n",
    );
  });

  test("--env, --env-file: later ones win, a name alone takes ours", async () => {
    const file = join(place.folder, "variables");
    writeFileSync(file, "# a comment\nA=file\nB=with = and spaces\n\nOURS\n");
    const flags = ["--env-file", file, "-e", "A=flag", "--env=EMPTY=", "-eFROM_IMAGE"];
    const command = [...flags, image, "env"];
    const lines = (await place.output(command, { env: { OURS: "passed on" } })).split("\n");
    expect(lines).toContain("A=flag");
    expect(lines).toContain("B=with = and spaces");
    expect(lines).toContain("OURS=passed on");
    expect(lines).toContain("EMPTY=");
    expect(lines.filter((line) => line.startsWith("FROM_IMAGE"))).toEqual([]);
  });

  test("--workdir and --hostname", async () => {
    expect(await sh("pwd; hostname", "-w", "/tmp", "-h", "box")).toBe("/tmp\nbox\n");
    expect(await sh("hostname", "-h", "")).toMatch(/^[0-9a-f]{12}\n$/);
    const name = "box\n6.6.6.6 bank.example";
    const { status, stderr } = await place.run(["-h", name, image, "true"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining("the host name")]);
  });

  test("--workdir is made where it is not there, below a read-only root, too", async () => {
    expect(await sh("pwd; stat -c %a:%u . ..", "-w", "/made/here", "-u", "7")).toBe(
      "/made/here\n755:0\n755:0\n",
    );
    expect(await sh("pwd", "--read-only", "-w", "/made/here")).toBe("/made/here\n");
    expect(await sh("pwd", "--tmpfs", "/memory", "-w", "/memory/made")).toBe("/memory/made\n");
  });

  test("a strict umask of the caller's closes nothing inside", async () => {
    const volume = ["-v", `${place.folder}:/deep/below/volume`];
    const script = "umask; stat -c %a /deep /deep/below /made /made/here";
    const command = [...volume, "-w", "/made/here", image, "sh", "-c", script];
    const prefix = ["sh", "-c", 'umask 0077; exec "$@"', "sh"];
    expect(await place.output(command, { prefix })).toBe("0022\n755\n755\n755\n755\n");
  });

  test("--user by name has the groups of the image; by numbers it has none", async () => {
    expect(await sh("id", "-u", "user")).toBe(
      "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)\n",
    );
    expect(await sh("id -u; id -g; id -G", "--user=7:8")).toBe("7\n8\n8\n");
  });

  test("an ordinary user may open its output by name, and has no capability", async () => {
    const output = await sh("echo out > /dev/stdout; grep CapEff /proc/self/status", "-u", "user");
    expect(output).toBe("out\nCapEff:\t0000000000000000\n");
  });

  test("--entrypoint replaces the image's and its command", async () => {
    expect(await place.output(["--entrypoint", "echo", image, "a", "b"])).toBe("a b\n");
    expect(await place.output(["--entrypoint", '["echo","-n"]', image, "x"])).toBe("x");
  });

  test("words with dashes behind the image are the command's", async () => {
    expect(await place.output([image, "echo", "-it", "--rm", "--"])).toBe("-it --rm --\n");
  });

  test("exit codes: the process's, 126 and 127", async () => {
    const status = async (...words: string[]) => (await place.run([image, ...words])).status;
    expect(await status("sh", "-c", "exit 42")).toBe(42);
    expect(await status("nonexistent")).toBe(127);
    expect(await status("")).toBe(127);
    expect(await status("/nonexistent")).toBe(127);
    expect(await status("/etc/issue")).toBe(126);
    const file = await place.run(["-w", "/etc/issue", image, "true"]);
    expect(file.status).toBe(126);
    expect(file.stderr).toContain('enter the working directory "/etc/issue"');
  });

  test("without a network there is loopback alone, with the host's there is the host's", async () => {
    const interfaces = "sed 1,2d /proc/net/dev";
    expect((await sh(interfaces)).trim()).toMatch(/^lo:[^\n]*$/);
    const mine = await Bun.file("/proc/self/net/dev").text();
    const names = (text: string) => text.match(/^ *[\w.@-]+:/gm);
    expect(names(await sh(interfaces, "--network", "host"))).toEqual(names(mine));
  });

  test("what the container inherits: no descriptor, the caller's open-files limit", async () => {
    const limited = ["sh", "-c", 'ulimit -Sn 777; exec "$@"', "sh"];
    const script = "ls /proc/self/fd; ulimit -n";
    const output = await place.output([image, "sh", "-c", script], { prefix: limited });
    expect(output.trim().split("\n")).toEqual(["0", "1", "2", "3", "777"]);
  });

  test("ignores no signal, whatever the caller ignores: a writer whose reader goes ends", async () => {
    const deaf = ["sh", "-c", 'trap "" HUP PIPE CHLD; exec "$@"', "sh"];
    const script = "grep SigIgn /proc/self/status; while echo more; do :; done | head -n 1";
    const output = await place.output([image, "sh", "-c", script], { prefix: deaf });
    expect(output).toBe("SigIgn:\t0000000000000000\nmore\n");
  });

  test("what a container writes is gone with --rm, and the next does not see it", async () => {
    await sh("echo changed > /etc/issue");
    expect(await sh("cat /etc/issue")).toBe("an image for tests\n");
  });

  test("ten containers of one image at once", async () => {
    const numbers = Array.from({ length: 10 }, (_, index) => String(index));
    const outputs = await Promise.all(
      numbers.map((number) =>
        sh(`echo ${number} > /mine; cat /mine; hostname`, "-h", `h${number}`),
      ),
    );
    expect(outputs).toEqual(numbers.map((number) => `${number}\nh${number}\n`));
  });
});
