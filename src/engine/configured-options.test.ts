import { expect, test } from "bun:test";
import { Configuration } from "../config/configuration.ts";
import {
  DEFAULT_HOSTS_FOLDERS,
  DEFAULT_LIMITS,
  DEFAULT_PARALLEL_BLOBS,
} from "../image/registry/registry-options.ts";
import { DEFAULT_UNPACK_LIMITS } from "../image/unpack/limits.ts";
import { bringInOptions, registryOptions, unpackLimits } from "./configured-options.ts";

test("without settings the parts get the limits that they have by themselves", () => {
  const configuration = new Configuration();
  expect(unpackLimits(configuration)).toEqual(DEFAULT_UNPACK_LIMITS);
  const { limits, hostsFolders, parallelBlobs } = registryOptions(configuration);
  expect(DEFAULT_LIMITS).toMatchObject(limits ?? {});
  expect(hostsFolders).toEqual(DEFAULT_HOSTS_FOLDERS);
  expect(parallelBlobs).toBe(DEFAULT_PARALLEL_BLOBS);
  expect(bringInOptions(configuration)).not.toContainKey("format");
});

test("settings arrive where they are meant", () => {
  const environment = {
    OCICAT_IMAGE_INSECURE_REGISTRIES: "one.example",
    OCICAT_LIMITS_LAYER_ENTRIES: "7",
    OCICAT_LIMITS_MANIFEST_BYTES: "1MiB",
    OCICAT_REGISTRY_IDLE_TIMEOUT: "2s",
    OCICAT_REGISTRY_MIRRORS: "docker.io=https://mirror.example",
    OCICAT_STORAGE_COMPRESSED: "drop",
    OCICAT_STORAGE_FORMAT: "directory",
  };
  const configuration = new Configuration({ environment });
  expect(bringInOptions(configuration)).toMatchObject({
    compressed: "drop",
    format: "directory",
    limits: { entries: 7, directories: 7 },
  });
  expect(registryOptions(configuration)).toMatchObject({
    insecure: ["one.example"],
    mirrors: { "docker.io": ["https://mirror.example"] },
    limits: { idleMs: 2000, documentBytes: 1024 ** 2 },
  });
});
