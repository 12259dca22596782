// What the settings mean to the parts that keep images and speak with registries: these know options,
// not settings.

import type { Configuration } from "../config/configuration.ts";
import type { BringInOptions } from "../image/bring-in-request.ts";
import type { RegistryOptions } from "../image/registry/registry-options.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../image/unpack/limits.ts";

export function unpackLimits(configuration: Configuration): UnpackLimits {
  const entries = configuration.get("limits.layer-entries");
  return {
    ...DEFAULT_UNPACK_LIMITS,
    entries,
    directories: entries,
    totalBytes: configuration.get("limits.layer-bytes"),
    ratio: configuration.get("limits.compression-ratio"),
  };
}

export function bringInOptions(
  configuration: Configuration,
): Pick<BringInOptions, "compressed" | "format" | "limits" | "parallel"> {
  const format = configuration.get("storage.format");
  return {
    ...(format === "auto" ? {} : { format }),
    compressed: configuration.get("storage.compressed"),
    limits: unpackLimits(configuration),
    parallel: configuration.get("image.parallel-downloads"),
  };
}

export function registryOptions(
  configuration: Configuration,
): Pick<RegistryOptions, "hostsFolders" | "insecure" | "limits" | "mirrors" | "parallelBlobs"> {
  return {
    hostsFolders: configuration.get("image.certs-dirs"),
    insecure: configuration.get("image.insecure-registries"),
    mirrors: configuration.get("registry.mirrors"),
    parallelBlobs: configuration.get("image.parallel-downloads"),
    limits: {
      answerMs: configuration.get("registry.answer-timeout"),
      idleMs: configuration.get("registry.idle-timeout"),
      attempts: configuration.get("registry.attempts"),
      chunkBytes: configuration.get("registry.upload-bytes"),
      documentBytes: configuration.get("limits.manifest-bytes"),
    },
  };
}
