// Secrets: what they are made of, who sees them, and where they are not.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const VALUE = "a value that is nowhere else";

describe.skipIf(NEEDS_ROOT)("as root: secrets", () => {
  const place = new ContainerPlace();
  afterEach(async () => {
    place.clear();
    rmSync(join(place.store, "secrets"), { recursive: true, force: true });
    await place.expectNothingLeft();
    expect(filesOf(".secrets")).toEqual([]);
  });
  afterAll(() => place.remove());

  beforeAll(() => {
    mkdirSync(join(place.root, "run"));
  });

  const create = (name: string, value = VALUE, ...flags: string[]) =>
    place.call("secret create", [...flags, name, "-"], { input: value });
  const filesOf = (folder: string) => {
    const path = join(place.state, folder);
    return existsSync(path) ? readdirSync(path) : [];
  };
  /** Files below a folder that have the value in them. */
  const mentions = (folder: string) =>
    Bun.spawnSync(["grep", "-rlF", VALUE, folder]).stdout.toString().trim();

  test("create, ls, inspect, exists, rm", () => {
    const id = create("one", VALUE, "-l", "of=web").stdout.trim();
    expect(id).toMatch(/^[0-9a-f]{25}$/);
    writeFileSync(join(place.folder, "value"), "from a file");
    place.outputOf("secret create", "two", join(place.folder, "value"));
    place.outputOf("secret create", "--env", "three", "PATH");
    expect(statSync(join(place.store, "secrets/one")).mode & 0o777).toBe(0o600);
    expect(statSync(join(place.store, "secrets")).mode & 0o777).toBe(0o700);
    expect(place.outputOf("secret ls", "--format", "{{.Name}}")).toBe("one\nthree\ntwo\n");
    expect(place.outputOf("secret ls", "-q")).toContain(id);
    expect(place.outputOf("secret ls", "-q", "-f", "label=of=web")).toBe(`${id}\n`);
    expect(place.outputOf("secret ls", "-n", "-f", "name=^tw")).toMatch(/^\w{25} +two .*\n$/);
    expect(place.outputOf("secret inspect", "--pretty", "one")).toMatch(
      new RegExp(`^ID: +${id}\nName: +one\nLabels:\n - of=web\nDriver: +file\nCreated at: +2`),
    );
    const [report] = JSON.parse(place.outputOf("secret inspect", id.slice(0, 8)));
    const spec = { Name: "one", Driver: { Name: "file", Options: {} }, Labels: { of: "web" } };
    expect(report).toMatchObject({ ID: id, Spec: spec });
    expect(JSON.stringify(report)).not.toContain(VALUE);
    const shown = ["--showsecret", "-f", "{{.SecretData}}", "one"];
    expect(place.outputOf("secret inspect", ...shown)).toBe(`${VALUE}\n`);
    expect(create("one").stderr).toContain("there is one of this name");
    expect(create("one", "new", "--replace").stdout.trim()).toBe(id);
    expect(place.outputOf("secret inspect", ...shown)).toBe("new\n");
    expect(place.outputOf("secret rm", "one")).toBe(`${id}\n`);
    expect(place.call("secret exists", ["one"]).status).toBe(1);
    expect(place.call("secret exists", ["two"]).status).toBe(0);
    expect(place.call("secret rm", ["one"]).status).toBe(1);
    place.outputOf("secret rm", "--all");
    expect(place.outputOf("secret ls", "-q")).toBe("");
    expect(create("a/b").stderr).toContain("its name is not made of letters");
    expect(create("empty", "").stderr).toContain("it has 0 bytes");
  });

  test("one that is damaged is told of, holds up no other, and can be replaced and removed", () => {
    place.outputOf("secret create", "sound", "/etc/hostname");
    for (const [text, reason] of [
      ["", "it is damaged"],
      ['{"ver', "it is damaged"],
      ['{"version":9}', "its version 9 is not 1"],
    ] as const) {
      writeFileSync(join(place.store, "secrets/broken"), text);
      const { status, stdout, stderr } = place.call("secret ls", ["--format", "{{.Name}}"]);
      expect([status, stdout]).toEqual([0, "sound\n"]);
      expect(stderr).toContain(`secret "broken": ${reason}`);
      expect(place.call("secret inspect", ["broken"]).stderr).toContain("secret rm broken");
      expect(place.outputOf("secret rm", "broken")).toBe("broken\n");
    }
    writeFileSync(join(place.store, "secrets/broken"), "");
    place.outputOf("secret create", "--replace", "broken", "/etc/hostname");
    place.outputOf("secret rm", "broken", "sound");
  });

  test("run --secret: a file, and a variable, in the container alone", () => {
    create("one");
    const flags = [
      ...["--secret", "one", "--secret", "one,target=/etc/own,uid=5,gid=6,mode=0400"],
      ...["--secret", "one,type=env,target=GIVEN"],
    ];
    place.detach("user", "exec sleep 100", ...flags);
    const script =
      'cat /run/secrets/one /etc/own; echo "$GIVEN"; stat -c "%u:%g %a" /run/secrets/one /etc/own';
    const seen = place.outputOf("exec", "user", "sh", "-c", script);
    expect(seen).toBe(`${VALUE}${VALUE}${VALUE}\n0:0 444\n5:6 400\n`);
    expect(place.call("exec", ["user", "sh", "-c", "echo > /run/secrets/one"]).status).not.toBe(0);
    expect(mentions(place.store)).toBe("");
    expect(statSync(join(place.state, ".secrets")).mode & 0o777).toBe(0o700);
    expect(statSync(join(place.containerState, place.idOf("user"))).mode & 0o777).toBe(0o700);
    expect(place.outputOf("diff", "user")).toBe("");
    const report = place.outputOf("inspect", "user");
    expect(JSON.parse(report)[0].Config.Secrets).toEqual(Array(3).fill({ Name: "one" }));
    expect(report).not.toContain(VALUE);
    place.outputOf("commit", "-q", "user", "made:1");
    expect(mentions(place.store)).toBe("");
    const archive = join(place.folder, "user.tar");
    place.outputOf("export", "-o", archive, "user");
    expect(readFileSync(archive).includes(VALUE)).toBe(false);
    place.outputOf("stop", "-t", "0", "user");
    expect(filesOf(".secrets")).toEqual([]);
    place.outputOf("start", "user");
    expect(place.outputOf("exec", "user", "cat", "/etc/own")).toBe(VALUE);
    place.outputOf("stop", "-t", "0", "user");
    place.outputOf("secret rm", "one");
    expect(place.call("start", ["user"]).stderr).toContain('find secret "one"');
  });

  test("to a user namespace's user; and what is refused leaves nothing", async () => {
    create("one");
    const flags = ["--uidmap", "0:100000:1000", "--secret", "one,uid=5,mode=0400", "-u", "5"];
    expect(await place.output([...flags, place.image, "cat", "/run/secrets/one"])).toBe(VALUE);
    const failed = await place.run(["--secret", "one", "-u", "nobody-here", place.image, "true"]);
    expect(failed.stderr).toContain("nobody-here");
    for (const [secret, message] of [
      ["two", 'find secret "two"'],
      ["one,type=lamp", "its type is neither mount nor env"],
      ["one,mode=rw", "not an octal number"],
      ["one,type=env,uid=1", "a variable has no uid"],
      ["one,colour=red", "colour=red is none of"],
    ] as const) {
      const { status, stderr } = await place.run(["--secret", secret, place.image, "true"]);
      expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
    }
  });
});
