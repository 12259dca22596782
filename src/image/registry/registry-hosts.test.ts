import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namesRegistry } from "./host-names.ts";
import { registryHosts } from "./registry-hosts.ts";

let place = "";

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "oct-hosts-"));
});

afterAll(() => {
  rmSync(place, { recursive: true });
});

const PEM = "-----BEGIN CERTIFICATE-----\n";

/** A certs.d of its own with the files of one folder. */
function folderWith(domain: string, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(place, "certs-"));
  mkdirSync(join(root, domain));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(root, domain, name), content);
  }
  return root;
}

const NONE = { folders: [], insecure: [], mirrors: {} };

test("without configuration a registry is where its name says, and speaks TLS", () => {
  const { mirrors, upstream } = registryHosts("registry.example:5000", NONE);
  expect(mirrors).toEqual([]);
  expect(upstream).toMatchObject({
    url: "https://registry.example:5000/v2",
    domain: "registry.example:5000",
    mayBePlain: false,
  });
  expect(upstream.mirrorOf).toBeUndefined();
  expect(registryHosts("docker.io", NONE).upstream).toMatchObject({
    url: "https://registry-1.docker.io/v2",
    domain: "docker.io",
  });
});

test.each(["localhost", "localhost:5000", "127.0.0.9:80", "[::1]:5000"])(
  "%p may be plain",
  (domain) => {
    expect(registryHosts(domain, NONE).upstream.mayBePlain).toBe(true);
  },
);

test("a configured registry may be plain, and its certificate is not checked", () => {
  const settings = { ...NONE, insecure: ["r.example:5000", "10.0.0.0/8"] };
  expect(registryHosts("r.example:5000", settings).upstream).toMatchObject({
    mayBePlain: true,
    tls: { skipVerify: true },
  });
  expect(registryHosts("10.1.2.3", settings).upstream.mayBePlain).toBe(true);
  const other = registryHosts("r.example", settings).upstream;
  expect(other.mayBePlain).toBe(false);
  expect(other.tls.skipVerify).toBeUndefined();
});

test.each([
  ["host.example", "host.example:5000", true],
  ["host.example:5000", "host.example", false],
  ["*.example", "a.b.example:1", true],
  ["*.example", "example", false],
  ["192.168.0.0/16", "192.168.3.4:5000", true],
  ["192.168.0.0/33", "192.168.3.4", false],
  ["0.0.0.0/0", "example", false],
])("%p means %p: %p", (entry, domain, expected) => {
  expect(namesRegistry(entry, domain)).toBe(expected);
});

test("docker's files are authorities and a client's certificate", () => {
  const root = folderWith("r.example:5000", {
    "b.crt": `${PEM}b`,
    "a.crt": `${PEM}a`,
    "client.cert": `${PEM}c`,
    "client.key": "-----BEGIN PRIVATE KEY-----\n",
    "notes.txt": "",
  });
  const { upstream } = registryHosts("r.example:5000", { ...NONE, folders: ["/nowhere", root] });
  expect(upstream.tls.authorities?.slice(-2)).toEqual([`${PEM}a`, `${PEM}b`]);
  expect(upstream.tls.client?.certificate).toBe(`${PEM}c`);
});

test.each([
  [{ "client.cert": PEM }, 'its key "client.key" is missing'],
  [{ "a.crt": "rubbish" }, "it is neither a certificate nor a key in PEM form"],
])("what is wrong in docker's files is refused", (files, reason) => {
  const root = folderWith("r.example", files);
  expect(() => registryHosts("r.example", { ...NONE, folders: [root] })).toThrow(reason);
});

test("hosts.toml gives mirrors in order, and the registry comes last", () => {
  const root = folderWith("docker.io", {
    "hosts.toml": `
      server = "https://up.example/v2"
      [host."http://one.example"]
        capabilities = ["pull"]
        [host."http://one.example".header]
          x-key = "v"
      [host."https://two.example"]
        ca = "ca.pem"
    `,
    "ca.pem": PEM,
  });
  const { mirrors, upstream } = registryHosts("docker.io", { ...NONE, folders: [root] });
  expect(mirrors).toMatchObject([
    {
      url: "http://one.example/v2",
      capabilities: ["pull"],
      headers: { "x-key": "v" },
      mirrorOf: "docker.io",
      domain: "one.example",
    },
    { url: "https://two.example/v2", mirrorOf: "docker.io" },
  ]);
  expect(mirrors[1]?.tls.authorities?.at(-1)).toBe(PEM);
  expect(upstream).toMatchObject({ url: "https://up.example/v2", domain: "up.example" });
});

test("what stands beside the server holds for the registry itself", () => {
  const text = 'capabilities = ["pull"]\nskip_verify = true\n[header]\na = "b"\n';
  const root = folderWith("r.example", { "hosts.toml": text });
  expect(registryHosts("r.example", { ...NONE, folders: [root] }).upstream).toMatchObject({
    url: "https://r.example/v2",
    capabilities: ["pull"],
    tls: { skipVerify: true },
    headers: { a: "b" },
  });
});

test("a folder for all others, and ports without colons", () => {
  const root = folderWith("_default", { "hosts.toml": 'server = "http://127.0.0.1:5000"\n' });
  mkdirSync(join(root, "r.example_5000_"));
  const settings = { ...NONE, folders: [root] };
  expect(registryHosts("any.example", settings).upstream).toMatchObject({
    url: "http://127.0.0.1:5000/v2",
    mirrorOf: "any.example",
  });
  expect(registryHosts("r.example:5000", settings).upstream.url).toBe("https://r.example:5000/v2");
});

test("configured mirrors come first and are only read from", () => {
  const settings = { ...NONE, mirrors: { "docker.io": ["mirror.example", "http://m.example/x"] } };
  expect(registryHosts("docker.io", settings).mirrors).toMatchObject([
    { url: "https://mirror.example/v2", capabilities: ["pull", "resolve"], mirrorOf: "docker.io" },
    { url: "http://m.example/x/v2" },
  ]);
  expect(registryHosts("quay.io", settings).mirrors).toEqual([]);
  const wrong = { ...NONE, mirrors: { "docker.io": ["ftp://x"] } };
  expect(() => registryHosts("docker.io", wrong)).toThrow(
    'use the mirror "ftp://x" of "docker.io": it is not the address of a registry',
  );
});
