// `ocicat config`, and settings that reach a container, as a user calls them.

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { OrdinaryUser } from "./ordinary-user.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

const folder = mkdtempSync(join(tmpdir(), "oct-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own = join(folder, "mine.toml");

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Caller {
  readonly prefix: readonly string[];
  readonly program: string;
}

/** No variable of the caller's reaches it. */
function ocicat(
  words: readonly string[],
  env: Record<string, string>,
  { prefix, program }: Caller = { prefix: [], program: OCICAT },
): Outcome {
  const child = Bun.spawnSync([...prefix, program, ...words], {
    stdin: "ignore",
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  return {
    code: child.exitCode,
    stdout: child.stdout.toString(),
    stderr: child.stderr.toString(),
  };
}

function config(words: readonly string[], env: Record<string, string>): string {
  const { code, stdout, stderr } = ocicat(["config", ...words], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("ocicat config", () => {
  test("shows every setting, its value and where it comes from", () => {
    writeFileSync(own, '[image]\ndefault-registry = "quay.io"\n[registry]\nidle-timeout = "5s"\n');
    const env = { OCICAT_CONFIG: own, OCICAT_STORAGE_FORMAT: "directory" };
    const lines = config([], env).split("\n");
    const cells = (key: string) => lines.find((line) => line.startsWith(key))?.split(/ {2,}/);
    expect(cells("SETTING")).toEqual(["SETTING", "VALUE", "FROM"]);
    expect(cells("image.default-registry")?.slice(1)).toEqual(['"quay.io"', JSON.stringify(own)]);
    expect(cells("registry.idle-timeout")?.slice(1)).toEqual(['"5s"', JSON.stringify(own)]);
    expect(cells("storage.format")?.slice(1)).toEqual(['"directory"', "OCICAT_STORAGE_FORMAT"]);
    expect(cells("limits.layer-entries")?.slice(1)).toEqual(["5000000", "default"]);
  });

  test("as JSON", () => {
    const env = { OCICAT_CONFIG: "", HOME: "/home/x", OCICAT_STORE_ROOT: "/srv/store" };
    const settings: unknown = JSON.parse(config(["--format", "json"], env));
    expect(settings).toContainEqual({
      key: "store.root",
      value: "/srv/store",
      origin: { kind: "variable", name: "OCICAT_STORE_ROOT" },
    });
    expect(settings).toContainEqual({
      key: "registry.answer-timeout",
      value: 60_000,
      origin: { kind: "default" },
    });
  });

  test("what it prints as TOML is a configuration file that says the same", () => {
    const env = { OCICAT_CONFIG: "", OCICAT_REGISTRY_MIRRORS: "docker.io=https://a", HOME: "/h" };
    const first = config(["--format", "toml"], env);
    writeFileSync(own, first);
    const second = config(["--format", "toml"], { OCICAT_CONFIG: own, HOME: "/h" });
    const values = (text: string) => text.replaceAll(/ # .*$/gm, "");
    expect(values(second)).toBe(values(first));
    expect(first).toContain('registry.mirrors = { "docker.io" = ["https://a"] }');
  });

  test("path tells which files are read", () => {
    expect(config(["path"], { OCICAT_CONFIG: "/nowhere/x.toml" })).toBe(
      "/nowhere/x.toml (not there)\n",
    );
    expect(config(["path"], { HOME: folder })).toStartWith(
      `${folder}/.config/ocicat/config.toml (not there)\n/etc/ocicat/config.toml`,
    );
    expect(config(["path"], {})).toStartWith("/etc/ocicat/config.toml");
    expect(config(["path"], { OCICAT_CONFIG: "" })).toBe("");
  });

  test("example is a whole file", () => {
    writeFileSync(own, config(["example"], {}));
    expect(config([], { OCICAT_CONFIG: own })).toContain(JSON.stringify(own));
  });

  test("a mistake in a file or a variable is told, with its place", () => {
    writeFileSync(own, '[storage]\nformat = "zip"\n[limits]\nlayer-bytes = -1\n');
    expect(ocicat(["config"], { OCICAT_CONFIG: own })).toEqual({
      code: 1,
      stdout: "",
      stderr: [
        `ocicat config: read ${JSON.stringify(own)}: storage.format: "zip" is not auto, erofs or directory`,
        '  limits.layer-bytes: -1 is no size: write "512MiB" or a number of bytes\n',
      ].join("\n"),
    });
    writeFileSync(own, "[storage\n");
    expect(ocicat(["config"], { OCICAT_CONFIG: own }).stderr).toContain("line 1: Expected ']'");
    const variable = ocicat(["config"], { OCICAT_CONFIG: "", OCICAT_REGISTRY_ATTEMPTS: "0" });
    expect(variable.stderr).toContain("use registry.attempts from OCICAT_REGISTRY_ATTEMPTS: 0 is");
  });

  test("what is no setting is warned of", () => {
    writeFileSync(own, '[image]\npull-polcy = "always"\n');
    const env = { OCICAT_CONFIG: own, OCICAT_IMAGE_PULL_POLICE: "always" };
    const { code, stderr } = ocicat(["config"], env);
    expect(code).toBe(0);
    expect(stderr).toContain('no setting "image.pull-polcy"; did you mean image.pull-policy?');
    expect(stderr).toContain("did you mean OCICAT_IMAGE_PULL_POLICY?");
  });

  test("words that make no sense are refused", () => {
    expect(ocicat(["config", "nonsense"], {}).code).toBe(125);
    expect(ocicat(["config", "--format", "xml"], {}).stderr).toContain("table, json or toml");
    expect(ocicat(["config", "path", "more"], {}).code).toBe(125);
  });
});

describe.skipIf(NEEDS_ROOT)("as root", () => {
  test("the runtime's command line reads no configuration", () => {
    writeFileSync(own, "nonsense");
    const child = ocicat(["runtime", "--root", join(folder, "state"), "list"], {
      OCICAT_CONFIG: own,
    });
    expect(child.code).toBe(0);
  });

  test("a file that the user may not read is an error that says so", () => {
    const users = join(folder, "users");
    mkdirSync(users);
    chmodSync(folder, 0o755);
    const user = new OrdinaryUser({ folder: users });
    user.takeOver();
    const program = user.executable();
    const file = join(users, "home/.config/ocicat/config.toml");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0);
    const { code, stderr } = ocicat(["config"], {}, { prefix: user.prefix("single"), program });
    expect(stderr).toContain(`open ${JSON.stringify(file)}: permission denied (EACCES)\nhint: `);
    expect(code).toBe(1);
  });

  test("run finds its folders by the settings", () => {
    const state = join(folder, "state");
    const store = join(folder, "store");
    writeFileSync(own, `[store]\nroot = ${JSON.stringify(store)}\n[state]\nroot = "/nowhere"\n`);
    const env = { OCICAT_CONFIG: own, OCICAT_STATE_ROOT: state };
    const { code, stderr, stdout } = ocicat(["run", "--rm", "hello"], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Hello from a container");
    expect(readdirSync(store)).toContain("containers");
    expect(readdirSync(state)).toContain(".engine");
  });
});
