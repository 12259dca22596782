// The documented example of a program that drives the engine.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { REPOSITORY } from "../../tools/repository.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("examples/containers.ts (as root)", () => {
  const place = new ContainerPlace();
  afterEach(async () => {
    place.clear();
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  function example(image: string, prefix: readonly string[] = []) {
    const program = join(REPOSITORY, "examples/containers.ts");
    const child = Bun.spawnSync([...prefix, process.execPath, program, image], {
      stdin: "ignore",
      env: {
        PATH: "/usr/bin:/bin",
        OCICAT_STORE_ROOT: place.store,
        OCICAT_STATE_ROOT: place.state,
      },
    });
    return {
      code: child.exitCode,
      stdout: child.stdout.toString(),
      stderr: child.stderr.toString(),
    };
  }

  const SUCCESS = {
    code: 0,
    stdout: "running: true\nexit code: 3\nlog: hello\nlog: goodbye\n",
    stderr: "",
  };

  test("runs a service and stops it", () => {
    expect(example(place.image)).toEqual(SUCCESS);
  });

  test("does so without open standard descriptors, too, as a daemon may be", () => {
    const prefix = ["sh", "-c", 'exec "$@" <&- 2>&-', "sh"];
    expect(example(place.image, prefix)).toEqual(SUCCESS);
  });

  test("tells what is wrong", () => {
    const { code, stdout } = example("oci:/nowhere");
    expect(code).toBe(1);
    expect(stdout).toContain("/nowhere");
  });
});
