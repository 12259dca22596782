// ps, port and system prune on containers of several kinds.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: lists of containers", () => {
  const place = new ContainerPlace();

  beforeAll(() => {
    const words = ["--name", "first", "-v", "data:/data", place.image, "true"];
    place.outputOf("create", "-v", `${place.makeFolder("shared")}:/shared`, ...words);
    place.outputOf("create", "--name", "second", "-v", "/own", place.image, "sh", "-c", "echo a b");
    place.detach("third", "echo 12345 > /made; sleep 1000", "--network", "host");
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  const names = (...filters: readonly string[]) =>
    place
      .outputOf("ps", "-a", "--format", "{{.Names}}", ...filters.flatMap((each) => ["-f", each]))
      .split("\n")
      .filter((name) => name !== "");

  test("filters: one before or after another, by volume, network, name, image", () => {
    expect(names("before=third")).toEqual(["second", "first"]);
    expect(names("since=first", "before=third")).toEqual(["second"]);
    expect(names("volume=data")).toEqual(["first"]);
    expect(names("volume=/shared")).toEqual(["first"]);
    expect(names("network=host")).toEqual(["third"]);
    expect(names("name=^/second$")).toEqual(["second"]);
    expect(names("name=^second$", "name=ir")).toEqual(["third", "second", "first"]);
    expect(names(`ancestor=${place.image}`)).toHaveLength(3);
    expect(names("ancestor=oci")).toEqual([]);
    for (const filters of [["since=nothing"], ["before=nothing", "name=none", "status=exited"]]) {
      const words = ["name=none", ...filters].flatMap((each) => ["-f", each]);
      expect(place.call("ps", words)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("there is none of this name or id"),
      });
    }
  });

  test("sizes, volumes and commands as docker shows them", async () => {
    await eventually("the file", () => {
      const { stdout } = place.call("ps", ["--format", "{{.Size}}"]);
      return /^6B \(virtual [\d.]+[kM]B\)\n$/.test(stdout);
    });
    const [head = ""] = place.outputOf("ps", "-s").split("\n");
    expect(head).toEndWith("SIZE");
    const format = "{{.LocalVolumes}} {{.Mounts}} {{.Command}}";
    const [, second = "", first = ""] = place.outputOf("ps", "-a", "--format", format).split("\n");
    expect(second).toMatch(/^1 [0-9a-f]{14}… "sh -c 'echo a b'"$/);
    expect(first).toMatch(/^1 \/.{13}…,data "true"$/);
  });

  test("port: nothing is published, and one that is asked for is missed", () => {
    expect(place.outputOf("port", "third")).toBe("");
    expect(place.call("port", ["third", "80"])).toMatchObject({
      status: 1,
      stderr: 'ocicat port: find the port 80/tcp of container "third": it is not published\n',
    });
    expect(place.call("port", ["third", "http"]).stderr).toContain("PORT or PORT/tcp");
    expect(place.call("port", ["nothing"]).status).toBe(1);
  });

  test("system prune removes what does not run, and volumes where that is said", () => {
    expect(place.call("system prune", ["-f", "--volumes", "--filter", "until=1h"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not go with --volumes"),
    });
    expect(place.outputOf("system prune", "-f", "--filter", "until=1h")).toBe(
      "Total reclaimed space: 0B\n",
    );
    const text = place.outputOf("system prune", "-f", "--volumes");
    expect(text).toMatch(
      /^Deleted Containers:\n(?:[0-9a-f]{64}\n){2}\nDeleted Volumes:\n[0-9a-f]{64}\n\nTotal /,
    );
    expect(names()).toEqual(["third"]);
    expect(place.outputOf("volume ls", "-q")).toBe("data\n");
  });

  test("--all and --latest stand for names", () => {
    const id = place.outputOf("ps", "-q", "--no-trunc");
    expect(place.outputOf("pause", "--all")).toBe(id);
    expect(place.outputOf("pause", "--all")).toBe("");
    expect(place.outputOf("unpause", "--all")).toBe(id);
    expect(place.outputOf("restart", "--latest", "-s", "KILL")).toBe(id);
    expect(place.outputOf("kill", "--all")).toBe(id);
    expect(place.outputOf("stop", "--all")).toBe("");
    expect(place.outputOf("rm", "--latest")).toBe(id);
    expect(place.outputOf("rm", "--ignore", "third")).toBe("");
    expect(place.call("rm", ["third"]).status).toBe(1);
  });
});
