// `ocicat doctor` on this machine: as root, as an ordinary user, and where something is in the way.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OrdinaryUser } from "./ordinary-user.ts";
import { OCICAT, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly fix?: string;
}

interface Report {
  readonly code: number;
  readonly status: string;
  readonly checks: readonly Finding[];
}

describe.skipIf(NEEDS_ROOT)("started by root: ocicat doctor", () => {
  const place = new RunPlace();
  const user = new OrdinaryUser(place);
  let program = "";
  beforeAll(() => {
    user.takeOver();
    program = user.executable();
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  function doctor(prefix: readonly string[], words: readonly string[] = []) {
    // What root makes is closed to the user.
    const [store, state] = prefix.some((word) => word.includes("--reuid"))
      ? [place.store, place.state]
      : [`${place.folder}/root-store`, `${place.folder}/root-state`];
    const places = ["--store", store, "--root", state];
    return Bun.spawnSync([...prefix, program, "doctor", ...places, ...words], {
      stdin: "ignore",
      env: { PATH: process.env["PATH"] ?? "", OCICAT_CONFIG: "" },
    });
  }

  function report(prefix: readonly string[]): Report {
    const { stdout, stderr, exitCode } = doctor(prefix, ["--format", "json"]);
    expect(stderr.toString()).toBe("");
    const { status, checks } = JSON.parse(stdout.toString());
    return { code: exitCode, status, checks };
  }

  const problems = ({ checks }: Report) =>
    checks.filter(({ status }) => status === "problem").map(({ name }) => name);

  test("as root everything that a container needs is there", () => {
    const found = report([]);
    expect(problems(found)).toEqual([]);
    expect(found).toMatchObject({ code: 0, status: "ok" });
    const names = found.checks.map(({ name }) => name);
    for (const name of ["kernel", "cgroups", "overlayfs", "id-mapped mounts", "a container"]) {
      expect(names).toContain(name);
    }
  });

  test("the text has a line for each check, and says that containers run", () => {
    const { stdout, exitCode } = doctor([]);
    const text = stdout.toString();
    expect(exitCode).toBe(0);
    // A note where Linux is older than what EROFS layers need.
    expect(text).toMatch(/^(?:ok {7}|note {5})kernel +Linux \d+\.\d+/);
    expect(text).toMatch(/\nContainers run(?:, with \d+ notes?)?\.\n$/);
  });

  test("an ordinary user runs containers too, and is told what would be better", () => {
    const found = report(user.prefix("single"));
    expect(problems(found)).toEqual([]);
    const ids = found.checks.find(({ name }) => name === "lent ids");
    expect(ids?.status).toBe("note");
    expect(found.checks.find(({ name }) => name === "a container")?.status).toBe("ok");
  });

  test("a masked /proc keeps an ordinary user's containers from running, and is named", () => {
    const mask = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount -t tmpfs none /proc/fs && exec "$@"',
      "sh",
    ];
    const found = report([...mask, ...user.prefix("single")]);
    expect(found).toMatchObject({ code: 1, status: "problem" });
    expect(problems(found)).toEqual(["a new /proc", "a container"]);
    expect(found.checks.find(({ name }) => name === "/proc")?.found).toBe("masked: /proc/fs");
    expect(found.checks.find(({ name }) => name === "a new /proc")?.fix).toContain("unmask=ALL");
  });

  test("root without its capabilities is told which ones", () => {
    const found = report(["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]);
    expect(found.code).toBe(1);
    expect(found.checks.find(({ name }) => name === "user")?.found).toContain("CAP_SYS_ADMIN");
  });

  test("a configuration of somebody else's is told of, with what makes it count", () => {
    const file = join(place.makeFolder("settings"), "config.toml");
    writeFileSync(file, "[events]\nkeep = 5\n", { mode: 0o600 });
    chownSync(file, 1234, 1234);
    const { stdout } = Bun.spawnSync([program, "doctor", "--format", "json"], {
      stdin: "ignore",
      env: {
        PATH: process.env["PATH"] ?? "",
        OCICAT_CONFIG: file,
        OCICAT_STORE_ROOT: `${place.folder}/root-store`,
        OCICAT_STATE_ROOT: `${place.folder}/root-state`,
      },
    });
    const { checks }: Report = JSON.parse(stdout.toString());
    expect(checks.find(({ name }) => name === "configuration")).toMatchObject({
      status: "note",
      found: `${JSON.stringify(file)} is not read: it belongs to user 1234`,
      fix: expect.stringContaining("chown, chmod o-w"),
    });
  });

  test("a configuration that cannot be read is a problem, and the rest is examined all the same", () => {
    const child = Bun.spawnSync([program, "doctor"], { env: { OCICAT_CONFIG: "/nonexistent" } });
    expect(child.exitCode).toBe(1);
    const text = child.stdout.toString();
    expect(text).toContain("problem  configuration");
    expect(text).toContain("ok       namespaces");
    expect(text).toContain("Containers do not run: 1 problem");
  });

  test("a store that nothing can be written to is a problem", () => {
    const child = Bun.spawnSync([OCICAT, "doctor", "--store", "/proc/nowhere"], {
      env: { OCICAT_CONFIG: "" },
    });
    expect(child.exitCode).toBe(1);
    expect(child.stdout.toString()).toMatch(/problem {2}store +/);
  });
});
