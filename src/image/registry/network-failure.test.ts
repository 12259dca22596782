// Registries that cannot be spoken to: what users read, and what they can do about it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import { addSampleImage, failureOf, quickClient } from "./client.fixture.ts";
import { networkFailure } from "./network-failure.ts";

const isMissing = Bun.which("openssl") === null;
let place = "";

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "oct-certificates-"));
});

afterAll(() => {
  rmSync(place, { recursive: true });
});

interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Times as OpenSSL writes them: 20300101000000Z. */
interface Validity {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function openssl(...parts: string[]): void {
  const { success, stderr } = Bun.spawnSync(["openssl", ...parts], { cwd: place });
  expect(success ? "" : stderr.toString()).toBe("");
}

/** Signed by itself, for then the time is looked at first. */
function certificateFor({ name, from, to }: Validity): Certificate {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  openssl("req", "-new", ...key, ...names, "-keyout", "key.pem", "-out", "request.pem");
  const settings = [
    "[ca]",
    "default_ca = own",
    "[own]",
    "database = database",
    "rand_serial = yes",
    "new_certs_dir = .",
    "default_md = sha256",
    "policy = any",
    "copy_extensions = copy",
    "[any]",
    "commonName = supplied",
  ];
  writeFileSync(join(place, "settings"), `${settings.join("\n")}\n`);
  writeFileSync(join(place, "database"), "");
  const times = ["-startdate", from, "-enddate", to];
  const files = ["-keyfile", "key.pem", "-in", "request.pem", "-out", "certificate.pem"];
  openssl("ca", "-batch", "-selfsign", "-notext", "-config", "settings", ...times, ...files);
  const read = (file: string): string => readFileSync(join(place, file), "utf8");
  return { certificate: read("certificate.pem"), key: read("key.pem") };
}

/** A folder of certs.d in which the certificate is the authority of `domain`. */
function trusting(domain: string, certificate: string): string {
  const root = mkdtempSync(join(place, "certs-"));
  mkdirSync(join(root, domain));
  writeFileSync(join(root, domain, "ca.crt"), certificate);
  return root;
}

const EVER = { from: "20200101000000Z", to: "20990101000000Z" };

const CERTIFICATES: readonly [reason: string, hint: string, validity: Validity][] = [
  ["is for another name", "use the name that it is for", { name: "other.example", ...EVER }],
  ["has expired", "has to renew it", { ...EVER, name: "localhost", to: "20210101000000Z" }],
  ["is not valid yet", "the clock", { ...EVER, name: "localhost", from: "20980101000000Z" }],
];

for (const [reason, hint, validity] of CERTIFICATES) {
  test.skipIf(isMissing)(`a certificate that ${reason} (needs openssl)`, async () => {
    const tls = certificateFor(validity);
    await using registry = await FaultyRegistry.start({ tls });
    const { reference, manifest } = addSampleImage(registry);
    const hostsFolders = [trusting(registry.domain, tls.certificate)];
    const error = await failureOf(quickClient({ hostsFolders }).client.resolve(reference));
    expect(error.reason).toBe(`the certificate of "${registry.domain}" ${reason}`);
    expect(error.hint).toContain(hint);
    expect(error.hint).not.toContain("ca.crt");
    const insecure = [registry.domain];
    expect(await quickClient({ insecure }).client.resolve(reference)).toEqual(manifest);
  });
}

test("plain HTTP where TLS is expected", async () => {
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("", { status: 404 }),
  });
  const domain = `localhost:${server.port}`;
  // An address of hosts.toml that is written with https is never spoken to without.
  const root = mkdtempSync(join(place, "certs-"));
  mkdirSync(join(root, domain));
  writeFileSync(join(root, domain, "hosts.toml"), `server = "https://${domain}"`);
  const { client } = quickClient({ hostsFolders: [root] });
  const error = await failureOf(client.resolve({ domain, path: "app", tag: "1" }));
  expect(error.reason).toBe(`the TLS handshake with "${domain}" did not succeed`);
  expect(error.hint).toContain("if it speaks plain HTTP, add it to the setting image.insecure-reg");
});

test("a proxy that is not there is told of, without its password", async () => {
  const gone = await FaultyRegistry.start();
  const proxy = gone.domain;
  await gone[Symbol.asyncDispose]();
  const before = process.env["HTTPS_PROXY"];
  process.env["HTTPS_PROXY"] = `http://me:secret@${proxy}`;
  try {
    const reference = { domain: "registry.example", path: "app", tag: "1" };
    const error = await failureOf(quickClient().client.resolve(reference));
    expect(error.reason).toBe(`nobody listens at the proxy "${proxy}"`);
    expect(error.hint).toContain("HTTPS_PROXY");
  } finally {
    if (before === undefined) {
      delete process.env["HTTPS_PROXY"];
    } else {
      process.env["HTTPS_PROXY"] = before;
    }
  }
});

const CODES: readonly [code: string, reason: string, hint: string][] = [
  ["ECONNREFUSED", 'nobody listens at "r.example"', "is the registry running"],
  ["ENOTFOUND", 'there is no host "r.example"', "check how it is spelled"],
  ["EAI_AGAIN", 'no name server answers for "r.example"', "/etc/resolv.conf"],
  ["ENETUNREACH", 'no way leads to "r.example" from here (ENETUNREACH)', "check the network"],
];

test.each(CODES)("%s: what happened and what to do", (code, reason, hint) => {
  const task = { operation: "resolve", subject: '"r.example/app:1"' };
  const cause = Object.assign(new Error("Was there a typo in the url or port?"), { code });
  const error = networkFailure(task, { host: "r.example" }, cause);
  expect(error.message).toBe(`resolve "r.example/app:1": ${reason}`);
  expect(error.hint).toContain(hint);
});
