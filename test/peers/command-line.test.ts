// The command line beside docker's and podman's: the same invocations on the same containers. Needs root,
// docker.io and podman: the peers' lane installs them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../tools/peers/command.ts";
import { busyboxLayout, writeImageArchive } from "../../tools/peers/images.ts";
import { removePodmanCgroups } from "../../tools/peers/podman-cgroups.ts";
import { OCICAT } from "../e2e/run-place.ts";
import { type Contestant, comparable, docker, ocicat, podman } from "./command-line-place.ts";
import { CHANGES, IMAGE, type Invocation, LOOKS, RUNS } from "./command-line-table.ts";
import { eventually } from "./conditions.ts";
import { type Daemon, startDockerd } from "./daemons.ts";
import { Workspace } from "./workspace.ts";

const isMissing =
  process.getuid?.() !== 0 || !existsSync("/usr/sbin/dockerd") || !existsSync("/usr/bin/podman");

describe.skipIf(isMissing)("as docker and podman answer", () => {
  let workspace: Workspace;
  let dockerd: Daemon;
  let own: Contestant;
  let peers: Readonly<Record<"docker" | "podman", Contestant>>;

  beforeAll(async () => {
    workspace = await Workspace.make("commands");
    dockerd = await startDockerd(workspace);
    own = ocicat(OCICAT, workspace);
    peers = { docker: docker(dockerd.socket, workspace), podman: await podman(workspace) };
    const archive = join(workspace.folder, "image.tar");
    await writeImageArchive(await busyboxLayout(), IMAGE, archive);
    await Promise.all([own, peers.docker, peers.podman].map((each) => each.prepare(archive)));
  }, 180_000);

  afterAll(async () => {
    for (const each of [own, peers.docker, peers.podman]) {
      await each.clear();
    }
    await dockerd.stop();
    // It cleans up beside its removals, and one of the two may then leave its storage mounted on itself.
    await eventually("the end of podman's processes", () => workspace.processes().length === 0);
    await run(["umount", "--quiet", join(workspace.folder, "podman/overlay")]);
    const leftovers = await workspace.leftovers();
    await workspace.remove();
    removePodmanCgroups();
    expect(leftovers).toEqual([]);
  }, 180_000);

  async function check({ line, peer = "docker", ...row }: Invocation) {
    const [ours, theirs] = await Promise.all([own.call(line), peers[peer].call(line)]);
    const { compares = "output", ownCode = theirs.code } = row;
    const shown = (text: string): string => {
      const whole = compares === "code" ? "" : comparable(text);
      return compares === "heads" ? (whole.split("\n", 1)[0] ?? "") : whole;
    };
    expect({ line, code: ours.code, stdout: shown(ours.stdout) }).toEqual({
      line,
      code: ownCode,
      stdout: shown(theirs.stdout),
    });
    // Progress may be shown; a failure is told in lines of ours, or by the program in the container.
    if (ours.code !== 0) {
      expect(ours.stderr).toMatch(/^(?:ocicat.*\n(?:(?:hint: | {6}).*\n)*)*$/);
    }
  }

  describe.each([
    ["looks", LOOKS],
    ["runs", RUNS],
    ["changes", CHANGES],
  ] as const)("%s", (_, rows) => {
    test.each(rows.map((row) => [row.line, row] as const))("%s", (_line, row) => check(row));
  });
});
