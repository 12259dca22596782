// The client of registries against Debian's docker-registry, request by request: uploads in both ways,
// mounts, referrers, deletion, logins. Pushes and pulls of images beside the peers: images-*.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { digestOf } from "../../src/image/registry/fetch-manifest.ts";
import { login, logout } from "../../src/image/registry/login.ts";
import { RegistryClient } from "../../src/image/registry/registry-client.ts";
import { UserCredentials } from "../../src/image/registry/user-credentials.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type RegistrySettings, TestRegistry } from "../../tools/testing/registry.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const USER = { username: "alice", password: "of: a test@" };
const CONTENT = new Uint8Array(9_000_000).map((_, index) => index * 5 + (index >> 10));

function describeBytes(content: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(content, "sha256"), size: content.length };
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

async function* pieces(content: Uint8Array, offset: number): AsyncGenerator<Uint8Array> {
  for (let from = offset; from < content.length; from += 1_000_000) {
    yield content.subarray(from, Math.min(from + 1_000_000, content.length));
  }
}

describe.skipIf(!TestRegistry.isInstalled())("docker-registry", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-client-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A client that trusts the registry and shows its own certificate. */
  function certificatesFor(registry: TestRegistry): readonly string[] {
    const root = mkdtempSync(join(folder, "certs-"));
    const own = join(root, registry.domain);
    mkdirSync(own);
    copyFileSync(registry.authorityPath, join(own, "ca.crt"));
    copyFileSync(join(registry.folder, "client.crt"), join(own, "client.cert"));
    copyFileSync(join(registry.folder, "client.key"), join(own, "client.key"));
    return [root];
  }

  const WAYS: readonly (readonly [string, RegistrySettings, number])[] = [
    ["plain, in one request", {}, 10_000_000],
    ["plain, in chunks", {}, 4_000_000],
    [
      "TLS and passwords, in one request",
      { tls: "mutual", users: { alice: USER.password } },
      10_000_000,
    ],
    ["TLS and passwords, in chunks", { tls: "server", users: { alice: USER.password } }, 4_000_000],
  ];

  test.each(WAYS)(
    "content goes there and back: %s",
    async (name, settings, chunkBytes) => {
      const place = join(folder, name.replaceAll(/\W+/g, "-"));
      await using registry = await TestRegistry.start(place, settings);
      const credential = { kind: "password", ...USER } as const;
      const client = new RegistryClient({
        hostsFolders: settings.tls === undefined ? [] : certificatesFor(registry),
        limits: { chunkBytes },
        credentials: { find: () => Promise.resolve(credential) },
      });
      const repository = { domain: registry.domain, path: "team/app" };
      const layer = describeBytes(CONTENT, "application/vnd.oci.image.layer.v1.tar");
      expect(await client.hasBlob(repository, layer.digest)).toBe(false);
      const open = (offset: number) => pieces(CONTENT, offset);
      await client.uploadBlob(repository, { descriptor: layer, open });
      expect(await client.hasBlob(repository, layer.digest)).toBe(true);
      const rest = Buffer.concat(await Array.fromAsync(client.blob(repository, layer, 1_234_567)));
      expect(Buffer.compare(rest, CONTENT.subarray(1_234_567))).toBe(0);

      const other = { ...repository, path: "other" };
      expect(await client.mountBlob(other, layer.digest, "team/app")).toBe(true);
      expect(await client.hasBlob(other, layer.digest)).toBe(true);
      expect(await client.mountBlob(other, `sha256:${"0".repeat(64)}`, "team/app")).toBe(false);

      const empty = encode({});
      const config = describeBytes(empty, "application/vnd.oci.empty.v1+json");
      await client.uploadBlob(repository, { descriptor: config, open: (at) => pieces(empty, at) });
      const manifest = encode({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] });
      const pushed = { content: manifest, mediaType: MANIFEST };
      const digest = await client.putManifest({ ...repository, tag: "1" }, pushed);
      expect(await client.resolve({ ...repository, tag: "1" })).toEqual(
        describeBytes(manifest, MANIFEST),
      );
      expect((await client.manifest(repository, digest)).content).toEqual(manifest);
      expect(await Array.fromAsync(client.tags(repository))).toEqual(["1"]);
      expect(await Array.fromAsync(client.repositories(registry.domain))).toContain("team/app");

      await client.deleteManifest(repository, digest);
      await client.deleteBlob(repository, layer.digest);
      expect(await client.hasBlob(repository, layer.digest)).toBe(false);
    },
    60_000,
  );

  test("referrers are kept under a tag", async () => {
    await using registry = await TestRegistry.start(join(folder, "referrers"));
    const client = new RegistryClient({ hostsFolders: [] });
    const repository = { domain: registry.domain, path: "app" };
    const empty = encode({});
    const config = describeBytes(empty, "application/vnd.oci.empty.v1+json");
    await client.uploadBlob(repository, { descriptor: config, open: (at) => pieces(empty, at) });
    const image = encode({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [config] });
    const subject = describeBytes(image, MANIFEST);
    await client.putManifest({ ...repository, tag: "1" }, { content: image, mediaType: MANIFEST });
    for (const artifactType of ["test/sbom", "test/signature"]) {
      const document = {
        schemaVersion: 2,
        mediaType: MANIFEST,
        artifactType,
        config,
        layers: [config],
        subject,
      };
      await client.putManifest(repository, { content: encode(document), mediaType: MANIFEST });
    }
    const types = (await client.referrers(repository, subject.digest)).map(
      (each) => each.artifactType,
    );
    expect(types).toEqual(["test/sbom", "test/signature"]);
    expect(await client.referrers(repository, subject.digest, "test/sbom")).toHaveLength(1);
    const tag = subject.digest.replace(":", "-");
    expect((await Array.fromAsync(client.tags(repository))).sort()).toEqual(["1", tag].sort());
  });

  test("a login is tried out before it is kept", async () => {
    const settings: RegistrySettings = { tls: "server", users: { alice: USER.password } };
    await using registry = await TestRegistry.start(join(folder, "login"), settings);
    const domain = registry.domain;
    const authFile = join(folder, "auth.json");
    const credentials = new UserCredentials({ environment: {}, userId: 0, authFile });
    const options = { hostsFolders: certificatesFor(registry) };
    const wrong = { kind: "password", username: USER.username, password: "wrong" } as const;
    const attempt = login({ domain, path: "", credential: wrong }, credentials, options);
    expect(await attempt.catch((error: unknown) => error)).toBeInstanceOf(OcicatError);
    expect(await credentials.find(domain, "")).toBeUndefined();

    const right = { kind: "password", ...USER } as const;
    await login({ domain, path: "", credential: right }, credentials, options);
    const client = new RegistryClient({ ...options, credentials });
    expect(await Array.fromAsync(client.repositories(domain))).toEqual([]);
    await logout(domain, "", credentials);
    expect(await credentials.find(domain, "")).toBeUndefined();
  });
});
