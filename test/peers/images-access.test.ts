// Registries that want something of their clients: TLS by an authority of their own, clients'
// certificates, passwords. ocicat and its peers get the same folder of certificates.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layeredLayout } from "../../tools/peers/registry-images.ts";
import { type RegistrySettings, TestRegistry } from "../../tools/testing/registry.ts";
import { isPeerMissing, type RegistryAccess, readLayout, registryPeers } from "./registry-peers.ts";

const isMissing = process.getuid?.() !== 0 || !TestRegistry.isInstalled();
const LOGIN = { username: "alice", password: "of: a test@" };

describe.skipIf(isMissing)("registries with conditions", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-access-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Where clients find the authority and their own certificate. */
  function certificatesOf(registry: TestRegistry): string {
    const certificates = `${registry.folder}-certs.d`;
    const own = join(certificates, registry.domain);
    mkdirSync(own, { recursive: true });
    copyFileSync(registry.authorityPath, join(own, "ca.crt"));
    copyFileSync(join(registry.folder, "client.crt"), join(own, "client.cert"));
    copyFileSync(join(registry.folder, "client.key"), join(own, "client.key"));
    return certificates;
  }

  const CASES: readonly (readonly [string, RegistrySettings])[] = [
    ["TLS", { tls: "server" }],
    ["TLS with a client's certificate", { tls: "mutual" }],
    ["a password", { users: { [LOGIN.username]: LOGIN.password } }],
    ["TLS and a password", { tls: "server", users: { [LOGIN.username]: LOGIN.password } }],
  ];
  for (const [name, settings] of CASES) {
    test(`${name}: ocicat and its peers push and pull`, async () => {
      const registryFolder = join(folder, name.replaceAll(/\W/g, "-"));
      await using registry = await TestRegistry.start(registryFolder, settings);
      const access: RegistryAccess = {
        ...(settings.tls === undefined ? {} : { certificates: certificatesOf(registry) }),
        ...(settings.users === undefined ? {} : { login: LOGIN }),
      };
      const layout = await layeredLayout();
      const { config } = readLayout(layout);
      const [ocicat, ...peers] = registryPeers(folder).filter((peer) => !isPeerMissing(peer));
      const ours = `${registry.domain}/ocicat:1`;
      await ocicat?.push(layout, ours, access);
      expect((await ocicat?.pull(ours, access))?.config).toBe(config);
      for (const peer of peers) {
        const theirs = `${registry.domain}/${peer.name}:1`;
        await peer.push(layout, theirs, access);
        expect((await ocicat?.pull(theirs, access))?.config).toBe(config);
        expect((await peer.pull(ours, access)).config).toBe(config);
      }
    }, 120_000);
  }

  test("what ocicat says where something is wrong", async () => {
    const users = { [LOGIN.username]: LOGIN.password };
    await using registry = await TestRegistry.start(join(folder, "strict"), {
      tls: "mutual",
      users,
    });
    const certificates = certificatesOf(registry);
    const name = `${registry.domain}/app:1`;
    const [ocicat] = registryPeers(folder);
    const failure = async (access: RegistryAccess): Promise<unknown> =>
      await ocicat?.pull(name, access).then(
        () => "no failure",
        (error: unknown) => error,
      );
    const wrong = { username: LOGIN.username, password: "wrong" };
    expect(await failure({ certificates, login: wrong })).toMatchObject({
      code: "permission-denied",
      message: expect.stringContaining(registry.domain),
    });
    expect(await failure({ certificates })).toMatchObject({ code: "permission-denied" });
    expect(await failure({ certificates, login: LOGIN })).toMatchObject({ code: "not-found" });
    expect(await failure({ login: LOGIN })).toMatchObject({ code: "unavailable" });
    rmSync(join(certificates, registry.domain, "client.cert"));
    rmSync(join(certificates, registry.domain, "client.key"));
    expect(await failure({ certificates, login: LOGIN })).toMatchObject({ code: "unavailable" });
  });
});
