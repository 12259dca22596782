// container clone: what another container was asked for, again.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: container clone", () => {
  const place = new ContainerPlace();
  const field = (name: string, format: string) =>
    place.outputOf("inspect", "-f", format, name).trim();
  const inside = (name: string, ...words: string[]) => place.outputOf("exec", name, ...words);

  afterEach(async () => {
    place.clear();
    place.call("pod rm", ["-f", "--all"]);
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  test("has what the other one was asked for, and nothing of what it has written", () => {
    const flags = [
      ...["-e", "A=1", "-h", "box", "-w", "/tmp", "-u", "5:6", "--label", "of=tests"],
      ...["-m", "64m", "-v", "kept:/kept", "-v", "/own", "--cidfile", join(place.folder, "id")],
    ];
    place.detach("first", "sleep 100", ...flags);
    place.outputOf("exec", "-u", "0", "first", "sh", "-c", "echo x > /tmp/written");
    const id = place.outputOf("container clone", "--run", "first").trim();
    expect(place.idOf("first-clone")).toBe(id);
    const look = "echo $A $PWD; hostname; id -u; id -g; ls /tmp";
    expect(inside("first-clone", "sh", "-c", look)).toBe("1 /tmp\nbox\n5\n6\n");
    expect(field("first-clone", "{{.HostConfig.Memory}} {{.Config.Labels.of}}")).toBe(
      "67108864 tests",
    );
    expect(field("first-clone", "{{.Config.Image}}")).toBe(field("first", "{{.Config.Image}}"));
    const volumes = "{{range .Mounts}}{{.Destination}} {{.Name}}\n{{end}}";
    const [first, second] = ["first", "first-clone"].map((name) =>
      field(name, volumes).split("\n").toSorted(),
    );
    expect(first?.[0]).toBe("/kept kept");
    expect(second?.[0]).toBe("/kept kept");
    expect(second?.[1]).toMatch(/^\/own [0-9a-f]{64}$/);
    expect(second?.[1]).not.toBe(first?.[1]);
  });

  test("in the place of the other one, with other limits, under a name", () => {
    place.detach("old", "sleep 100", "-m", "64m", "--cpus", "1");
    const refused = place.call("container clone", ["--force", "old"]);
    expect([refused.status, refused.stderr]).toEqual([125, expect.stringContaining("--destroy")]);
    const words = ["--destroy", "--force", "--run", "-m", "96m", "old", "new"];
    place.outputOf("container clone", ...words);
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}} {{.State}}")).toBe("new running\n");
    expect(field("new", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}")).toBe(
      `${96 * 2 ** 20} 1000000000`,
    );
    place.outputOf("container clone", "new");
    place.outputOf("container clone", "new");
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}}").split("\n").toSorted()).toEqual(
      ["", "new", "new-clone", "new-clone1"].toSorted(),
    );
  });

  test("of a pod; with ids of its own, on the host's network", () => {
    place.outputOf("pod create", "--name", "group");
    place.detach("member", "sleep 100", "--pod", "group");
    place.outputOf("container clone", "--run", "member", "other");
    expect(inside("other", "hostname")).toBe("group\n");
    const network = (name: string) => inside(name, "readlink", "/proc/self/ns/net");
    expect(network("other")).toBe(network("member"));
    const maps = ["--uidmap", "0:200000:1000", "--gidmap", "0:300000:1000"];
    place.detach("mapped", "sleep 100", ...maps, "--network", "host");
    place.outputOf("container clone", "--run", "mapped");
    expect(inside("mapped-clone", "cat", "/proc/self/uid_map")).toMatch(/^ +0 +200000 +1000\n$/);
    expect(network("mapped-clone")).toBe(network("mapped"));
  });
});
