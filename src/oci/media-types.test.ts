import { expect, test } from "bun:test";
import {
  DOCKER_LAYER_GZIP,
  isForeignLayer,
  layerCompression,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_ZSTD,
} from "./media-types.ts";

test.each([
  [OCI_LAYER, "none"],
  [OCI_LAYER_ZSTD, "zstd"],
  [DOCKER_LAYER_GZIP, "gzip"],
  ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"],
  ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", undefined],
  [OCI_CONFIG, undefined],
  ["constructor", undefined],
])("%s is compressed: %p", (mediaType, compression) => {
  expect<string | undefined>(layerCompression(mediaType)).toBe(compression);
});

test("layers that are foreign", () => {
  expect(isForeignLayer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")).toBeTrue();
  expect(isForeignLayer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")).toBeTrue();
  expect(isForeignLayer(OCI_LAYER)).toBeFalse();
});
