import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../error/ocicat-error.ts";
import { configurationPaths, readConfiguration } from "./read-configuration.ts";

const ROOT = process.geteuid?.() === 0;

class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-config-"));
  readonly system = join(this.folder, "etc/ocicat/config.toml");
  readonly home = join(this.folder, "home");
  readonly user = join(this.home, ".config/ocicat/config.toml");
  readonly warnings: string[] = [];

  constructor() {
    mkdirSync(join(this.folder, "etc/ocicat"), { recursive: true });
    mkdirSync(join(this.home, ".config/ocicat"), { recursive: true });
  }

  read(environment: Record<string, string | undefined> = { HOME: this.home }) {
    return readConfiguration({
      environment,
      effectiveUid: process.geteuid?.() ?? 0,
      systemFile: this.system,
      onWarning: (text) => this.warnings.push(text),
    });
  }

  async failure(environment?: Record<string, string>): Promise<OcicatError> {
    const error: unknown = await this.read(environment).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof OcicatError)) {
      throw new Error("it was read", { cause: error });
    }
    return error;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test("without files and without HOME there are the defaults", async () => {
  using place = new Place();
  rmSync(join(place.folder, "etc"), { recursive: true });
  const configuration = await place.read({});
  expect(configuration.get("storage.format")).toBe("auto");
  expect(configuration.get("image.default-registry")).toBe("docker.io");
  expect(place.warnings).toEqual([]);
});

test("the user's file counts more than the system's, setting by setting", async () => {
  using place = new Place();
  writeFileSync(place.system, '[image]\nparallel-downloads = 1\npull-policy = "always"\n');
  writeFileSync(place.user, "[image]\nparallel-downloads = 2\n");
  const configuration = await place.read();
  expect(configuration.get("image.parallel-downloads")).toBe(2);
  expect(configuration.get("image.pull-policy")).toBe("always");
  expect(configuration.originOf("image.pull-policy")).toEqual({ kind: "file", path: place.system });
});

test("where files are looked for", () => {
  const check = (environment: Record<string, string>, expected: string[]) =>
    expect(configurationPaths({ environment })).toEqual(expected);
  const system = "/etc/ocicat/config.toml";
  check({}, [system]);
  check({ HOME: "/home/a" }, ["/home/a/.config/ocicat/config.toml", system]);
  check({ HOME: "relative" }, [system]);
  check({ HOME: "/home/a", XDG_CONFIG_HOME: "/c" }, ["/c/ocicat/config.toml", system]);
  check({ HOME: "/home/a", XDG_CONFIG_HOME: "c" }, ["/home/a/.config/ocicat/config.toml", system]);
  check({ HOME: "/home/a", OCICAT_CONFIG: "x.toml" }, ["x.toml"]);
  check({ HOME: "/home/a", OCICAT_CONFIG: "" }, []);
});

test("a file that is asked for has to be there", async () => {
  using place = new Place();
  const path = join(place.folder, "mine.toml");
  const error = await place.failure({ OCICAT_CONFIG: path });
  expect(error.message).toBe(`open ${JSON.stringify(path)}: no such file or directory (ENOENT)`);
  writeFileSync(path, "[registry]\nattempts = 9\n");
  writeFileSync(place.system, "registry.attempts = 1\n");
  const configuration = await place.read({ OCICAT_CONFIG: path });
  expect(configuration.get("registry.attempts")).toBe(9);
});

test("all wrong values of a file are told at once, with their places", async () => {
  using place = new Place();
  writeFileSync(
    place.user,
    'progress = 1\n[image]\nparallel-downloads = "many"\n[storage]\nformat = "zip"\n',
  );
  const error = await place.failure();
  expect(error.code).toBe("invalid-config");
  expect(error.message).toContain(JSON.stringify(place.user));
  expect(error.faults).toEqual([
    { path: "progress", reason: "a table is needed, not a number" },
    {
      path: "image.parallel-downloads",
      reason: '"many" is not a whole number from 1 to 32',
    },
    { path: "storage.format", reason: '"zip" is not auto, erofs or directory' },
  ]);
});

test("an unknown setting is told, with what may have been meant", async () => {
  using place = new Place();
  writeFileSync(
    place.user,
    'future = true\n[image]\ndefualt-registry = "a"\n[storage]\nformat = "directory"\n[sotrage]\n',
  );
  const configuration = await place.read();
  expect(configuration.get("storage.format")).toBe("directory");
  const file = JSON.stringify(place.user);
  expect(place.warnings).toEqual([
    `${file}: there is no setting "future"`,
    `${file}: there is no setting "image.defualt-registry"; did you mean image.default-registry?`,
    `${file}: there is no setting "sotrage"; did you mean storage?`,
  ]);
});

test("a file of something else does not flood the terminal", async () => {
  using place = new Place();
  const lines = Array.from({ length: 1000 }, (_, index) => `name${index} = ${index}`);
  writeFileSync(place.user, lines.join("\n"));
  await place.read();
  expect(place.warnings.length).toBe(20);
});

test("what is not TOML is refused with the line", async () => {
  using place = new Place();
  const check = async (text: string, expected: string) => {
    writeFileSync(place.user, text);
    const { code, reason } = await place.failure();
    expect(code).toBe("invalid-config");
    expect(reason).toStartWith(expected);
  };
  const missing = "Missing value after '='; values must be on the same line";
  await check("[image]\n\n# comment\nx = \n[storage]\n", `line 4: ${missing}`);
  await check("x =", "line 1: Missing value after '='");
  await check("a = 1\na = 2\nb = 3\n", "line 2: Cannot redefine key 'a'");
  await check('a = [\n"1",\n"2"\n]\n\nb = [\n"3"\n', "line 6: ");
});

test("names that mean something to JavaScript are unknown settings", async () => {
  using place = new Place();
  writeFileSync(place.user, "constructor = 1\n[__proto__]\nx = 1\n[image.toString]\n");
  const configuration = await place.read();
  expect(configuration.get("registry.attempts")).toBe(6);
  expect(place.warnings.length).toBe(3);
});

test("a file that is too large, or no file, is refused", async () => {
  using place = new Place();
  writeFileSync(place.user, `# ${"x".repeat(70_000)}`);
  expect((await place.failure()).message).toContain("it is larger than 65536 bytes");
  rmSync(place.user);
  mkdirSync(place.user);
  expect((await place.failure()).message).toContain("is a directory (EISDIR)");
});

test("what everybody can write does not count", async () => {
  using place = new Place();
  writeFileSync(place.user, "[registry]\nattempts = 1\n");
  chmodSync(place.user, 0o666);
  expect((await place.read()).get("registry.attempts")).toBe(6);
  expect(place.warnings).toEqual([
    `${JSON.stringify(place.user)} is not read: it can be written by everybody`,
  ]);
});

test("a named pipe is not waited for", async () => {
  using place = new Place();
  expect(Bun.spawnSync(["mkfifo", "-m", "600", place.user]).exitCode).toBe(0);
  expect((await place.read()).get("registry.attempts")).toBe(6);
});

test.skipIf(!ROOT)("as root, another user's file does not count", async () => {
  using place = new Place();
  writeFileSync(place.user, "[registry]\nattempts = 1\n");
  chownSync(place.user, 1234, 1234);
  expect((await place.read()).get("registry.attempts")).toBe(6);
  expect(place.warnings).toEqual([
    `${JSON.stringify(place.user)} is not read: it belongs to user 1234`,
  ]);
});
