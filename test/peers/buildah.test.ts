// Debian's buildah on the runtime under test: it creates, starts, polls the state, waits for the
// process itself, and deletes. Needs root and buildah: the peers' lane installs it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type CommandOptions, must, run } from "../../tools/peers/command.ts";
import { BUSYBOX_IMAGE, busyboxLayout, IMAGE_TAG } from "../../tools/peers/images.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import { TerminalSession } from "./terminal.ts";
import { Workspace } from "./workspace.ts";

const isMissing = process.getuid?.() !== 0 || !existsSync("/usr/bin/buildah");

describe.skipIf(isMissing)("buildah run --runtime", () => {
  let workspace: Workspace;
  let container: string;

  beforeAll(async () => {
    workspace = await Workspace.make("buildah");
    const archive = `oci-archive:${join(workspace.folder, "image.tar")}`;
    const layout = `oci:${await busyboxLayout()}:${IMAGE_TAG}`;
    await must(["skopeo", "--insecure-policy", "copy", layout, `${archive}:${BUSYBOX_IMAGE}`]);
    await must([...buildah(), "pull", archive]);
    container = (await must([...buildah(), "from", "--pull-never", BUSYBOX_IMAGE])).trim();
  });

  afterAll(async () => {
    await run([...buildah(), "rm", "--all"]);
    await run([...buildah(), "rmi", "--all", "--force"]);
    const leftovers = await workspace.leftovers();
    await workspace.remove();
    expect(leftovers).toEqual([]);
  }, 180_000);

  function buildah(): string[] {
    const { folder } = workspace;
    return [
      "buildah",
      "--root",
      `${folder}/buildah`,
      "--runroot",
      `${folder}/buildah-run`,
      "--storage-driver=overlay",
    ];
  }

  function runCommand(flags: readonly string[] = []): string[] {
    const fixed = ["--isolation=oci", "--runtime", RUNTIME, "--network=none"];
    return [...buildah(), "run", ...fixed, ...flags, container];
  }

  function runInside(command: readonly string[], options: CommandOptions = {}) {
    return run([...runCommand(), ...command], options);
  }

  test("passes output on", async () => {
    const result = await runInside(["sh", "-c", "echo out; echo err >&2"]);
    expect(result).toEqual({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  test("ends with the exit code of the process", async () => {
    expect((await runInside(["sh", "-c", "exit 3"])).code).toBe(3);
  });

  test("passes input on", async () => {
    expect((await runInside(["cat"], { input: "in\n" })).stdout).toBe("in\n");
  });

  test("a terminal", async () => {
    const session = new TerminalSession([...runCommand(["--terminal"]), "sh"]);
    await session.shows("/ # ");
    session.type("tty; exit 4\n");
    await session.shows("/dev/pts/0");
    expect(await session.ended()).toBe(4);
  });

  test("says why a program does not start", async () => {
    const result = await runInside(["no-such-program"]);
    expect(result.code).not.toBe(0);
    // runc writes its message as a log line in text, where quotes are escaped.
    expect(result.stderr).toMatch(/no-such-program\\?": executable file not found in \$PATH/);
  });

  test("keeps what a run has written", async () => {
    await runInside(["sh", "-c", "echo kept > /root/file"]);
    expect((await runInside(["cat", "/root/file"])).stdout).toBe("kept\n");
  });
});
