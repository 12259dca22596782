// Images and containers against the engine: links where it mounts, reads and copies files of its own, what changes
// while it is copied, and more than it can remember.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makeBusyboxRoot } from "../e2e/busybox-image.ts";
import { ContainerPlace } from "../e2e/container-place.ts";
import { OCICAT } from "../e2e/run-place.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { eventually } from "../peers/conditions.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { snapshotOf } from "./host-snapshot.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: hostile images and containers", () => {
  const place = new ContainerPlace();
  const host = place.makeFolder("host");
  writeFileSync(join(host, "secret"), "host:x:0:0::/:/bin/sh\n");
  const before = snapshotOf(host);
  let images = 0;

  afterEach(async () => {
    place.clear();
    expect(snapshotOf(host)).toEqual(before);
    await eventually("nothing to be left", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const archiveOf = (folder: string) =>
    Bun.spawnSync(["tar", "-C", folder, "--numeric-owner", "-c", "."]).stdout;

  /** Links in a layer of their own, or in the only one. */
  function imageWith(links: Readonly<Record<string, string>>, layers: "one" | "two"): string {
    images += 1;
    const root = makeBusyboxRoot(place.makeFolder(`root-${images}`));
    const folder = layers === "one" ? root : place.makeFolder(`links-${images}`);
    const base = layers === "one" ? [] : [archiveOf(root)];
    for (const [path, target] of Object.entries(links)) {
      const link = join(folder, path);
      rmSync(link, { recursive: true, force: true });
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(target, link);
    }
    const layout = new TestLayout(join(place.folder, `layout-${images}`));
    const config = { Env: ["PATH=/bin"], Entrypoint: [] };
    const image = layout.addImage({ layers: [...base, archiveOf(folder)], config });
    layout.setIndex([named(image, "latest")]);
    return `oci:${layout.folder}:latest`;
  }

  const CLIMBING = join("../".repeat(40), relative("/", host), "secret");

  describe.each(["one", "two"] as const)("an image of %s layers", (layers) => {
    test("the files of names as links that lead nowhere inside, or to the host", () => {
      const links = {
        "etc/hosts": "../run/made/for/it",
        "etc/hostname": join(host, "secret"),
        "etc/resolv.conf": CLIMBING.replace("secret", "new/file"),
      };
      const script = `for name in hosts hostname resolv.conf; do test -s /etc/$name && echo $name; done
cat /etc/hostname`;
      const words = ["--rm", "--hostname", "me", imageWith(links, layers), "sh", "-c", script];
      expect(place.outputOf("run", ...words)).toBe("hosts\nhostname\nresolv.conf\nme\n");
    });

    test("accounts as links to the host's: nobody of the host's is known", () => {
      const secret = join(host, "secret");
      const image = imageWith({ "etc/passwd": secret, "etc/group": `${CLIMBING}-2` }, layers);
      const known = place.call("run", ["--rm", "-u", "host", image, "true"]);
      expect(known.stderr).toContain("has no such name");
      const flags = ["--rm", "--passwd", "-u", "4000"];
      expect(place.outputOf("run", ...flags, image, "cat", "/etc/passwd")).toBe(
        "4000:*:4000:0:container user:/:/bin/sh\n",
      );
    });

    test("a volume does not begin with what a link leads to on the host", () => {
      const image = imageWith({ data: host }, layers);
      expect(place.outputOf("run", "--rm", "-v", "filled:/data", image, "ls", "/data")).toBe("");
      place.outputOf("volume rm", "filled");
    });
  });

  test("a folder that becomes a link to the host, and back, while files are copied", async () => {
    writeFileSync(join(place.folder, "given"), "given\n");
    const swap = `mkdir -p /a/real; cd /a; touch real/file; ln -s ${host} link
      while :; do mv -T real aside; mv -T link real; mv -T real link; mv -T aside real; done`;
    place.detach(
      "swapping",
      swap.replaceAll("mv ", "busybox mv ").replaceAll("ln ", "busybox ln "),
    );
    await eventually("the folder", () => place.call("cp", ["swapping:/a", "-"]).status === 0);
    for (let round = 0; round < 15; round++) {
      const got = join(place.folder, "got");
      place.call("cp", ["given", "swapping:/a/real/"]);
      place.call("cp", ["swapping:/a/real/secret", got]);
      expect(() => readFileSync(got)).toThrow("ENOENT");
    }
  });

  test.each([
    ["lines", "\\n"],
    ["fields", ":"],
  ])(
    "accounts of millions of %s: exec goes on, or says that they are too many",
    async (_, text) => {
      const fill = (bytes: number) =>
        `head -c ${bytes} /dev/zero | tr '\\0' '${text}' > /etc/passwd; cp /etc/passwd /etc/group`;
      const script = `${fill(2_000_000)}; touch /made; while test -e /made; do sleep 0.1; done
      ${fill(8_000_000)}; touch /more; exec sleep 1000`;
      place.detach("filled", script);
      const exec = (...words: readonly string[]) => {
        const { status, stderr } = place.call("exec", ["-u", "0", "filled", ...words]);
        return { status, stderr };
      };
      await eventually("the lines", () => exec("test", "-e", "/made").status === 0);
      expect(exec("rm", "/made")).toEqual({ status: 0, stderr: "" });
      await eventually("more of them", () =>
        existsSync(join(place.folderOf("filled"), "upper/more")),
      );
      expect(exec("true").stderr).toBe(
        "ocicat exec: read the image's /etc/passwd: it is larger than 2097152 bytes\n",
      );
    },
  );

  test("a process cannot turn the direction of what `top` shows of it", async () => {
    const turned = "\u202e";
    place.detach("turning", `sleep 1000; : ${turned}`);
    const session = new TerminalSession([OCICAT, "top", ...place.flags, "turning"]);
    await session.shows("sleep 1000; : \\u202e");
    expect(await session.ended()).toBe(0);
    expect(session.output).not.toContain(turned);
  });

  test("more than a record holds is refused, and leaves nothing", () => {
    const labels = join(place.folder, "labels");
    writeFileSync(labels, `a=${"x".repeat(5_000_000)}\n`);
    const { status, stderr } = place.call("create", ["--label-file", labels, place.image, "true"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining("more than 4194304")]);
    expect(place.outputOf("ps", "-aq")).toBe("");
  });

  test("control characters in names of files that warnings tell of", () => {
    const evil = "\u009b31m";
    const folder = place.makeFolder("sockets");
    const server = Bun.listen({ unix: join(folder, evil), socket: { data: () => undefined } });
    place.outputOf("create", "--name", "evil", "--rootfs", folder, "true");
    const { stderr } = place.call("cp", ["evil:/.", place.makeFolder("copied")]);
    server.stop();
    expect(stderr).toBe('ocicat: warning: "/\\x9b31m" is a socket, which is not copied\n');
  });

  test("control characters in labels, commands and names of files: a terminal does not get them", async () => {
    const evil = "\x1b]0;title\x07";
    place.detach("evil", `exec sleep 1000 # ${evil}`, "--label", `a=${evil}`);
    place.outputOf("exec", "evil", "touch", `/tmp/${evil}\n`);
    const session = new TerminalSession([OCICAT, "diff", ...place.flags, "evil"]);
    await session.shows("A /tmp/\\x1b]0;title\\x07\\n");
    expect(await session.ended()).toBe(0);
    const shown = [
      session.output,
      place.outputOf("ps", "--no-trunc", "--format", "table {{.Command}} {{.Labels}}"),
      place.outputOf("top", "evil"),
      place.outputOf("events", "--since", "1h", "--until", "0s"),
    ];
    expect(shown.filter((text) => text.includes(evil))).toEqual([]);
    expect(place.outputOf("diff", "evil")).toContain(`A /tmp/${evil}\n`);
  });
});
