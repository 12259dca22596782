// The OCI command line itself: versions, help, logs, the documents that it prints, refusals.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decodeRuntimeConfig } from "../../src/oci/parse/config.ts";
import { DIST } from "../../tools/repository.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const OCICAT = process.env["OCICAT_TEST_PROGRAM"] ?? DIST.launchers[0];
const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

function ocicat(...words: string[]) {
  const child = Bun.spawnSync([OCICAT, ...words], { stdin: "ignore" });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

describe("the command line", () => {
  test("tells its version in the three lines that go-runc takes apart", () => {
    for (const flag of ["--version", "-v", "-version"]) {
      const { code, stdout, stderr } = place.call([flag]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const lines = stdout.split("\n");
      expect(lines).toHaveLength(4);
      expect(lines[0]?.split("version ")).toEqual(["ocicat-runtime ", "0.1.0"]);
      expect(lines[1]).toStartWith("commit: ");
      expect(lines[2]).toBe("spec: 1.3.0");
    }
  });

  test("is the same under both names", () => {
    expect(ocicat("runtime", "--version").stdout).toBe(place.call(["--version"]).stdout);
    expect(ocicat("--version").stdout).toBe("ocicat 0.1.0\n");
    expect(ocicat("version").stdout).toBe("ocicat 0.1.0\n");
    expect(ocicat().stdout).toContain("explain");
    expect(ocicat("nosuch")).toEqual({
      code: 125,
      stdout: "",
      stderr: "ocicat: no such command: nosuch; --help lists them\n",
    });
  });

  test("has help for itself and for every command that does something", () => {
    const { stdout } = place.call(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = ""]) => name);
    expect(commands).toContain("create");
    for (const name of commands.filter((each) => !["checkpoint", "restore"].includes(each))) {
      const help = place.call([name, "--help"]);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`usage: ocicat-runtime ${name}`);
    }
  });

  test.each([
    ["checkpoint", "--help"],
    ["checkpoint", "x"],
    ["restore", "--lsm-mount-context"],
    ["restore", "--help"],
  ])("refuses %s %s, by which Podman and CRI-O learn that it cannot", (verb, word) => {
    const { code, stdout, stderr } = place.call([verb, word]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("does not support checkpointing");
    expect(stderr).not.toContain("flag needs an argument");
  });

  test.each([
    [["nosuch"], "no such command: nosuch; --help lists them"],
    [["--nosuch", "list"], "flag provided but not defined: -nosuch"],
    [["state"], 'ocicat-runtime: "state" requires exactly 1 argument(s)'],
    [["kill"], 'ocicat-runtime: "kill" requires a minimum of 1 argument(s)'],
    [["list", "x"], 'ocicat-runtime: "list" requires exactly 0 argument(s)'],
    [["list", "--format", "xml"], 'invalid format option: "xml"'],
    [["--log-format", "xml", "list"], 'use the log format "xml": it is neither text nor json'],
    [
      ["--rootless", "maybe", "list"],
      'use --rootless "maybe": it is neither true nor false nor auto',
    ],
  ])("says what is wrong with %j", (words, text) => {
    expect(place.call(words)).toEqual({ code: 1, stdout: "", stderr: `${text}\n` });
  });

  test("prints its features as the document of the specification", () => {
    const { code, stdout, stderr } = place.call(["features"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      ociVersionMin: "1.0.0",
      ociVersionMax: "1.3.0",
      hooks: expect.arrayContaining(["prestart", "poststop"]),
      linux: {
        namespaces: ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
        cgroup: { v1: true, v2: true, systemd: true },
        seccomp: { enabled: true, archs: expect.arrayContaining(["SCMP_ARCH_X86_64"]) },
        mountExtensions: { idmap: { enabled: true } },
      },
      annotations: { "org.opencontainers.runc.checkpoint.enabled": "false" },
    });
  });

  test("writes a configuration to begin with, but never over another", () => {
    const file = join(place.folder, "config.json");
    expect(place.call(["spec", "--bundle", place.folder])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const text = readFileSync(file, "utf8");
    expect(decodeRuntimeConfig(text).process?.args).toEqual(["sh"]);
    const again = place.call(["spec", "-b", place.folder]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("File config.json exists. Remove it first");
    expect(readFileSync(file, "utf8")).toBe(text);
    rmSync(file);
    expect(place.call(["spec"], { cwd: place.folder }).code).toBe(0);
    rmSync(file);
  });
});

describe("the log", () => {
  const log = join(place.folder, "log");

  afterEach(() => rmSync(log, { force: true }));

  test.each(["json", "text"])(
    "gets one record of a failure, standard error the same: %s",
    (format) => {
      const global = ["--log", log, "--log-format", format];
      const { code, stderr } = place.call(["state", "nobody"], { global });
      expect({ code, stderr }).toEqual({ code: 1, stderr: "container does not exist\n" });
      const text = readFileSync(log, "utf8");
      if (format === "json") {
        expect(JSON.parse(text)).toEqual({
          level: "error",
          msg: "container does not exist",
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        });
      } else {
        expect(text).toMatch(/^time="\S+Z" level=error msg="container does not exist"\n$/);
      }
      place.call(["state", "nobody"], { global });
      expect(readFileSync(log, "utf8").trimEnd().split("\n")).toHaveLength(2);
    },
  );

  test("tells with --debug what took how long, behind what a client looks for", () => {
    const global = ["--debug", "--log", log, "--log-format", "json"];
    expect(place.call(["list"], { global }).code).toBe(0);
    expect(place.call(["state", "nobody"], { global }).stderr).toBe("container does not exist\n");
    const records = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: "debug", msg: expect.stringMatching(/^list: .*start \d+\.\d\d ms/) },
      { level: "error", msg: "container does not exist" },
      { level: "debug", msg: expect.stringMatching(/^state: /) },
    ]);
    const other = place.call(["list"], { global: ["--log", log, "--log-format", "json"] });
    expect(other.code).toBe(0);
    expect(readFileSync(log, "utf8").trimEnd().split("\n")).toHaveLength(3);
  });

  test.skipIf(NEEDS_ROOT)("tells the phases of a container's start with --debug (as root)", () => {
    const container = place.container({ script: "exit 0" });
    container.run([], { global: ["--debug", "--log", log] });
    expect(readFileSync(log, "utf8")).toMatch(
      /level=debug msg="run: .*parse .* ms, .*compile .* ms, launch .* ms, .*process .* ms, delete .* ms"\n$/,
    );
  });

  test("is standard error where there is no file", () => {
    expect(place.call(["state", "x"], { global: ["--log", ""] }).stderr).toBe(
      "container does not exist\n",
    );
    const { stderr } = place.call(["state", "x"], { global: ["--log-format", "json"] });
    expect(JSON.parse(stderr)).toMatchObject({ level: "error", msg: "container does not exist" });
  });

  test("that cannot be written does not hide the failure", () => {
    const global = ["--log", "/nosuch/log"];
    const { code, stderr } = place.call(["state", "nobody"], { global });
    expect(code).toBe(1);
    expect(stderr).toStartWith("container does not exist\n");
  });
});

describe("a working directory that was deleted", () => {
  /** Runs `words` in it. */
  function inGone(words: readonly string[]) {
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const child = Bun.spawnSync(["sh", "-c", script, "sh", ...words], { cwd: place.folder });
    return { code: child.exitCode, stderr: child.stderr.toString() };
  }

  test("is no place: a relative path does not mean the host's root", () => {
    const reason = "find the working directory: it has been deleted";
    const root = join(place.folder, "state");
    for (const words of [
      ["explain", "."],
      ["runtime", "--root", root, "create", "x"],
      ["runtime", "--root", root, "create", "--bundle", "etc", "x"],
      ["runtime", "--root", "state", "list"],
      ["run", "--rootfs", "/bin", "-v", "./etc:/x", "/busybox"],
      ["run", "--rootfs", "bin", "/busybox"],
      ["run", "--mount", "type=bind,source=etc,target=/x", "hello"],
    ]) {
      const { code, stderr } = inGone([OCICAT, ...words]);
      expect([words, code === 0, stderr.includes(reason)]).toEqual([words, false, true]);
    }
    const written = inGone([
      OCICAT,
      "runtime",
      "--log",
      "ocicat-test.log",
      "--root",
      root,
      "state",
      "x",
    ]);
    expect(written.stderr).toContain("container does not exist");
    expect(existsSync("/ocicat-test.log")).toBe(false);
  });

  test("does not matter where all paths are absolute", () => {
    const root = join(place.folder, "state");
    expect(inGone([OCICAT, "runtime", "--root", root, "list"])).toEqual({ code: 0, stderr: "" });
  });
});

describe.skipIf(NEEDS_ROOT)("the program's own surroundings (as root)", () => {
  test("do not matter: streams that are closed, a folder that is gone, no variables", () => {
    const container = place.container({ script: "ls -l /proc/self/fd | grep -c null; exit 3" });
    const run = ["run", "--bundle", container.bundle, container.id];
    const closed = place.call(run, { prefix: ["sh", "-c", 'exec "$@" <&- 2>&-', "sh"] });
    expect(closed).toEqual({ code: 3, stdout: "2\n", stderr: "" });
    const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    expect(place.call(run, { prefix: ["sh", "-c", gone, "sh"], cwd: place.folder }).code).toBe(3);
    expect(place.call(run, { prefix: ["env", "-i"] }).code).toBe(3);
  });

  test("do not reach the container: variables, the folder", () => {
    const container = place.container({ script: "env | sort; pwd" });
    const options = { env: { SECRET: "x", BUN_OPTIONS: "--nosuch", OCICAT_LAUNCH: "y" } };
    expect(container.output([], options)).toBe("HOME=/\nPATH=/bin\nPWD=/\nSHLVL=1\n/\n");
  });
});
