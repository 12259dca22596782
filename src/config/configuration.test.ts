import { expect, test } from "bun:test";
import { Configuration, formatOrigin } from "./configuration.ts";
import { SETTINGS, type SettingKey, settingKeys, variableOf } from "./schema.ts";
import { Refusal } from "./setting.ts";

const file = (path: string, values: readonly (readonly [SettingKey, unknown])[]) => ({
  path,
  values: new Map(values),
});

test("every default is a value that the setting takes, and is written as one", () => {
  for (const key of settingKeys()) {
    const { fallback } = SETTINGS[key];
    if (fallback !== undefined) {
      expect(formatted(key)).not.toBe("");
      const { value } = Object(Bun.TOML.parse(`value = ${formatted(key)}`));
      expect(SETTINGS[key].read(value)).toEqual(fallback);
    }
  }
});

function formatted<Key extends SettingKey>(key: Key): string {
  const setting: { fallback: unknown; format(value: unknown): string } = SETTINGS[key];
  return setting.format(setting.fallback);
}

test("names and purposes have one form", () => {
  for (const key of settingKeys()) {
    expect(key).toMatch(/^[a-z]+\.[a-z]+(?:-[a-z]+)*$/);
    expect(SETTINGS[key].purpose).toMatch(/^[A-Z].*[^.]$/);
    expect(SETTINGS[key].read(Symbol("nothing"))).toBeInstanceOf(Refusal);
  }
});

test("no two settings share a variable", () => {
  const names = settingKeys().map(variableOf);
  expect(new Set(names).size).toBe(names.length);
  expect(variableOf("image.pull-policy")).toBe("OCICAT_IMAGE_PULL_POLICY");
});

test("a flag counts more than a variable, that more than files, the first of which counts most", () => {
  const user = file("/user", [["image.parallel-downloads", 2]]);
  const system = file("/system", [
    ["image.parallel-downloads", 1],
    ["image.default-registry", "registry.example"],
  ]);
  const files = [user, system];
  const fromFiles = new Configuration({ files });
  expect(fromFiles.get("image.parallel-downloads")).toBe(2);
  expect(fromFiles.get("image.default-registry")).toBe("registry.example");
  expect(fromFiles.originOf("image.parallel-downloads")).toEqual({ kind: "file", path: "/user" });
  expect(fromFiles.originOf("storage.format")).toEqual({ kind: "default" });

  const environment = { OCICAT_IMAGE_PARALLEL_DOWNLOADS: "5" };
  const withVariable = new Configuration({ files, environment });
  expect(withVariable.get("image.parallel-downloads")).toBe(5);
  expect(formatOrigin(withVariable.originOf("image.parallel-downloads"))).toBe(
    "OCICAT_IMAGE_PARALLEL_DOWNLOADS",
  );

  const flags = { "image.parallel-downloads": { flag: "--parallel", value: "7" } };
  const withFlag = withVariable.withFlags(flags);
  expect(withFlag.get("image.parallel-downloads")).toBe(7);
  expect(formatOrigin(withFlag.originOf("image.parallel-downloads"))).toBe("--parallel");
  expect(withVariable.get("image.parallel-downloads")).toBe(5);
});

test("flags of two calls hold together", () => {
  const configuration = new Configuration()
    .withFlags({ "storage.format": { flag: "--format", value: "directory" } })
    .withFlags({ "limits.layer-entries": { flag: "--entries", value: 9 } });
  expect(configuration.get("storage.format")).toBe("directory");
  expect(configuration.get("limits.layer-entries")).toBe(9);
});

test("an empty variable says nothing", () => {
  const configuration = new Configuration({ environment: { OCICAT_STORAGE_FORMAT: "" } });
  expect(configuration.get("storage.format")).toBe("auto");
});

test("a wrong variable or flag is refused by its name", () => {
  const environment = { OCICAT_REGISTRY_ATTEMPTS: "often", OCICAT_LIMITS_LAYER_BYTES: "2GiB" };
  const configuration = new Configuration({ environment });
  expect(() => configuration.get("registry.attempts")).toThrow(
    'use registry.attempts from OCICAT_REGISTRY_ATTEMPTS: "often" is not a whole number from 1 to 100',
  );
  expect(configuration.get("limits.layer-bytes")).toBe(2 * 1024 ** 3);
  const flags = { "progress.style": { flag: "--progress", value: "loud" } };
  expect(() => configuration.withFlags(flags).get("progress.style")).toThrow(
    'use progress.style from --progress: "loud" is not auto, bars, lines, json or none',
  );
});
