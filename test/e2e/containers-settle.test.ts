// Who ends a container sees to what comes after: its holder executes nothing then.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, linkSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { programFiles } from "../../tools/repository.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: containers whose holders can't execute anything", () => {
  const place = new ContainerPlace();
  let program = "";

  beforeAll(() => {
    const folder = place.makeFolder("program");
    for (const path of programFiles()) {
      linkOrCopy(path, join(folder, basename(path)));
    }
    program = join(folder, "ocicat");
    for (const name of ["stopped", "killed", "one", "other", "brief"]) {
      detach(name, ...(name === "brief" ? ["--rm"] : []));
    }
    rmSync(folder, { recursive: true });
  });
  afterAll(() => {
    place.clear();
    place.remove();
  });

  function detach(name: string, ...flags: readonly string[]): void {
    const words = place.command([...flags, "--rootfs", place.root, "/bin/sleep", "60"], name);
    const rest = words.slice(2).filter((word) => word !== "--rm" || flags.includes(word));
    const child = Bun.spawnSync([program, "run", "-d", ...rest]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
  }

  const states = (): number =>
    readdirSync(place.containerState).filter((name) => !name.startsWith(".")).length;

  test("what they had is given back all the same", () => {
    expect(states()).toBe(5);
    place.outputOf("stop", "-t", "0", "stopped");
    expect(states()).toBe(4);
    place.outputOf("kill", "killed");
    expect(states()).toBe(3);
    place.outputOf("stop", "-t", "0", "one", "other");
    expect(states()).toBe(1);
    const rest = place.outputOf("ps", "-a", "--format", "{{.Names}}").trim().split("\n");
    expect(rest.toSorted()).toEqual(["brief", "killed", "one", "other", "stopped"]);
  });

  test("but a removal, which nobody would finish, is left to them", () => {
    place.outputOf("stop", "-t", "0", "brief");
    expect(states()).toBe(1);
  });
});

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // On another file system.
    copyFileSync(from, to);
  }
}
