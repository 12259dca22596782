// Files of an ordinary user's containers that belong to ids which are lent to the user, and are closed to the user:
// what commands on containers make of them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { LENT, OrdinaryUser, USER_ID } from "./ordinary-user.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);

describe.skipIf(NEEDS_ROOT || NEEDS_MAPS)("started by root: files closed to their user", () => {
  const place = new RunPlace("ordinary");
  const user = new OrdinaryUser(place);
  let program = "";
  let image = "";
  let files = "";
  beforeAll(() => {
    const root = makeBusyboxRoot(place.makeFolder("rootfs"));
    writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
    writeFileSync(join(root, "etc/group"), "root:x:0:\n");
    image = makeLayout(place.folder, root);
    files = place.makeFolder("files");
    user.takeOver();
    program = user.executable();
  });
  afterAll(async () => {
    output("rm", "-f", "--all");
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  function call(command: string, words: readonly string[], input?: Uint8Array) {
    const line = [...command.split(" "), ...place.flags, ...words];
    const child = Bun.spawnSync([...user.prefix("lent"), program, ...line], {
      cwd: place.folder,
      stdin: input ?? "ignore",
    });
    const { exitCode, stdout, stderr } = child;
    return { status: exitCode, stdout, stderr: stderr.toString() };
  }

  function bytesOf(command: string, words: readonly string[], input?: Uint8Array): Buffer {
    const { status, stdout, stderr } = call(command, words, input);
    expect([command, status, stderr]).toEqual([command, 0, ""]);
    return stdout;
  }

  const output = (command: string, ...words: readonly string[]): string =>
    bytesOf(command, words).toString();
  const asRoot = (name: string, script: string) =>
    output("exec", "-u", "0", name, "sh", "-c", script);

  /** "OWNER:GROUP PATH" of what is in an archive. */
  function listed(archive: Uint8Array): readonly string[] {
    const listing = Bun.spawnSync(["tar", "--numeric-owner", "-tv"], { stdin: archive });
    return listing.stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/))
      .map(([, owner = "", , , , path = ""]) => `${owner.replace("/", ":")} ${path}`);
  }

  const MAKE = `mkdir -m 700 /closed
echo hidden > /closed/file
chmod 600 /closed/file
chown -R 33:44 /closed`;

  test("cp out of a volume and into it, while its container does not run", () => {
    const script = `mkdir -m 700 /data/closed; echo kept > /data/closed/file
      chown -R 33:44 /data/closed; stat -c %u:%g /data/closed/*`;
    output("create", "--name", "keeper", "-v", "kept:/data", image, "sh", "-c", script);
    expect(output("start", "-a", "keeper")).toBe("33:44\n");
    const got = join(files, "of-volume");
    output("cp", "keeper:/data/closed", got);
    expect([readFileSync(join(got, "file"), "utf8"), statSync(got).uid]).toEqual([
      "kept\n",
      USER_ID,
    ]);
    expect(listed(bytesOf("cp", ["keeper:/data/closed", "-"]))).toEqual([
      "33:44 closed/",
      "33:44 closed/file",
    ]);
    output("cp", join(got, "file"), "keeper:/data/closed/copied");
    const again = "stat -c %u:%g /data/closed/copied; rm -r /data/closed";
    expect(output("run", "--rm", "-v", "kept:/data", image, "sh", "-c", again)).toBe("0:0\n");
    output("rm", "keeper");
  });

  describe.each([
    ["usual", []],
    ["keep-id", ["--userns", "keep-id"]],
    ["nomap", ["--userns", "nomap"]],
  ])("with the %s ids", (name, flags) => {
    beforeAll(() => {
      output("run", "-d", "--name", name, ...flags, image, "sleep", "1000");
      asRoot(name, MAKE);
    });

    test("export, diff and commit have them, with their owners", () => {
      const archive = listed(bytesOf("export", [name]));
      expect(archive).toEqual(expect.arrayContaining(["33:44 closed/", "33:44 closed/file"]));
      expect(output("diff", name)).toContain("A /closed\nA /closed/file\n");
      output("commit", "-q", "--pause=false", name, `made-${name}`);
      // The usual layers belong to one user: their owners are in the archive alone.
      const owner = name === "usual" ? "0:0" : "33:44";
      const look = "cat /closed/file; stat -c %u:%g:%a /closed /closed/file";
      const words = ["--rm", ...flags, "-u", "0", `made-${name}`, "sh", "-c", look];
      const { status, stdout } = call("run", words);
      expect([status, stdout.toString()]).toEqual([0, `hidden\n${owner}:700\n${owner}:600\n`]);
    });

    test("cp out of them, and into them", () => {
      const got = join(files, `${name}-got`);
      output("cp", `${name}:/closed`, got);
      expect(readFileSync(join(got, "file"), "utf8")).toBe("hidden\n");
      expect([got, join(got, "file")].map((path) => statSync(path).uid)).toEqual([
        USER_ID,
        USER_ID,
      ]);
      const archive = bytesOf("cp", [`${name}:/closed`, "-"]);
      expect(listed(archive)).toEqual(["33:44 closed/", "33:44 closed/file"]);
      output("cp", join(got, "file"), `${name}:/closed/copied`);
      asRoot(name, "mkdir -m 700 /other; chown 5:6 /other");
      bytesOf("cp", ["-", `${name}:/other`], archive);
      const look = "cd /; stat -c '%n %u:%g' closed/copied other other/closed other/closed/file";
      expect(asRoot(name, look)).toBe(
        "closed/copied 0:0\nother 5:6\nother/closed 33:44\nother/closed/file 33:44\n",
      );
      expect(call("cp", [`${name}:/nothing`, got]).stderr).toContain('find "/nothing"');
    });

    test("the same while it does not run", () => {
      output("stop", "-t", "0", name);
      const got = join(files, `${name}-late`);
      output("cp", `${name}:/closed/file`, got);
      expect(readFileSync(got, "utf8")).toBe("hidden\n");
      output("cp", got, `${name}:/closed/late`);
      output("cp", "-a", `${name}:/closed/late`, `${name}:/closed/later`);
      expect(output("diff", name)).toContain("A /closed/late\n");
      output("start", name);
      expect(asRoot(name, "stat -c %u:%g /closed/late /closed/later; rm /closed/late")).toBe(
        "0:0\n0:0\n",
      );
    });

    test("a killed holder is followed by another one, which reads what it writes", async () => {
      const script = `echo one; until test -e /go; do sleep 0.02; done; echo two; sleep 1000`;
      output("run", "-d", "--name", "killed", ...flags, "-u", "33", image, "sh", "-c", script);
      await eventually("its first line", () => output("logs", "killed") === "one\n");
      const id = output("inspect", "-f", "{{.Id}}", "killed").trim();
      const started = join(place.store, "containers", id, "started.json");
      const { holderPid } = JSON.parse(readFileSync(started, "utf8"));
      process.kill(holderPid, "SIGKILL");
      asRoot("killed", "touch /go");
      await eventually("its second line", () => {
        return call("logs", ["killed"]).stdout.toString().endsWith("two\n");
      });
      expect(output("ps", "--filter", "name=killed", "--format", "{{.State}}")).toBe("running\n");
      output("rm", "-f", "killed");
    });
  });

  test.each([
    ["brief-usual", []],
    ["brief-keep-id", ["--userns", "keep-id"]],
    ["brief-nomap", ["--userns", "nomap"]],
  ])("with --rm nothing waits for the disk, and a restart keeps its files: %s", (name, flags) => {
    output("run", "-d", "--rm", "--name", name, ...flags, image, "sleep", "1000");
    expect(asRoot(name, "echo kept > /etc/kept; rm /etc/issue; grep ' / ' /proc/mounts")).toContain(
      "volatile",
    );
    for (let round = 0; round < 2; round++) {
      output("restart", "-t", "0", name);
      expect(asRoot(name, "cat /etc/kept; test ! -e /etc/issue")).toBe("kept\n");
    }
    output("stop", "-t", "0", name);
    expect(output("ps", "-a", "--format", "{{.Names}}")).not.toContain(name);
  });

  test("cp from an archive whose owners the container does not have", () => {
    output("create", "--name", "few", "--userns", "auto:size=1024", image, "true");
    const tree = place.makeFolder("tree");
    writeFileSync(join(tree, "file"), "");
    chmodSync(join(tree, "file"), 0o4755);
    const tar = Bun.spawnSync(["tar", "-c", "--owner=5000", "--group=5000", "-C", tree, "file"]);
    const { status, stderr } = call("cp", ["-", "few:/tmp"], tar.stdout);
    expect([status, stderr]).toEqual([0, expect.stringContaining("owner not kept")]);
    expect(listed(bytesOf("cp", ["few:/tmp/file", "-"]))).toEqual(["0:0 file"]);
    const upper = join(
      place.store,
      "containers",
      output("ps", "-aq", "--no-trunc").split("\n")[0] ?? "",
    );
    const { uid, mode } = statSync(join(upper, "upper/tmp/file"));
    expect([uid, mode & 0o7777]).toEqual([LENT.start, 0o755]);
    output("rm", "few");
  });

  test("keep-id: the user has a name and a home inside", () => {
    const look = "whoami; id -gn; echo $HOME; grep octest /etc/passwd /etc/group";
    const run = (...flags: readonly string[]) =>
      output("run", "--rm", "--userns", "keep-id", ...flags, image, "sh", "-c", look);
    const passwd = (home: string) =>
      `/etc/passwd:octest:*:${USER_ID}:${USER_ID}::${home}:/bin/sh\n/etc/group:octest:x:${USER_ID}:octest\n`;
    expect(run("-w", "/tmp")).toBe(`octest\noctest\n/tmp\n${passwd("/tmp")}`);
    const home = join(place.folder, "home");
    mkdirSync(join(home, "docs"), { recursive: true });
    expect(run("-v", `${home}:${home}`)).toBe(`octest\noctest\n${home}\n${passwd(home)}`);
    const entry = run("--passwd-entry", "me:x:$UID:$GID::/srv:/bin/sh");
    expect(entry).toStartWith("me\n");
    const without = call("run", [
      "--rm",
      "--userns",
      "keep-id",
      "--passwd=false",
      image,
      "sh",
      "-c",
      "whoami",
    ]);
    expect(without.stderr).toContain("unknown uid 12345");
  });
});
