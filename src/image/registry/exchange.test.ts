// Redirects, TLS and plain HTTP, mirrors: how a host is reached.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import {
  addSampleImage,
  collect,
  failureOf,
  quickClient,
  type SampleImage,
} from "./client.fixture.ts";

let place = "";
let tls: { certificate: string; key: string } = { certificate: "", key: "" };

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "oct-tls-"));
  const files = ["-keyout", "key.pem", "-out", "certificate.pem"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "3650"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = Bun.spawnSync(["openssl", "req", "-x509", ...key, ...name, ...files], {
    cwd: place,
  });
  expect(made.success).toBe(true);
  const read = (file: string) => readFileSync(join(place, file), "utf8");
  tls = { certificate: read("certificate.pem"), key: read("key.pem") };
});

afterAll(() => {
  rmSync(place, { recursive: true });
});

/** A certs.d in which `domain` has one file. */
function certsWith(domain: string, name: string, content: string): string {
  const root = mkdtempSync(join(place, "certs-"));
  mkdirSync(join(root, domain));
  writeFileSync(join(root, domain, name), content);
  return root;
}

const PASSWORD = { kind: "password", username: "bob", password: "s:ecret" } as const;
const credentials = { find: () => Promise.resolve(PASSWORD) };
const AUTH = { kind: "basic", username: "bob", password: "s:ecret" } as const;

test("a redirect to another host is followed without the password", async () => {
  await using storage = await FaultyRegistry.start();
  const action = { kind: "redirect", to: `${storage.origin}{url}` } as const;
  await using registry = await FaultyRegistry.start({
    auth: AUTH,
    faults: [{ on: "blob", action }],
  });
  const { reference, layer, layerContent } = addSampleImage(registry);
  addSampleImage(storage);
  const { client } = quickClient({ credentials });
  const rest = layerContent.subarray(77);
  expect(Buffer.compare(await collect(client.blob(reference, layer, 77)), rest)).toBe(0);
  const [request] = storage.requests;
  expect(request?.head.headers.get("authorization")).toBeUndefined();
  expect(request?.head.headers.get("range")).toBe("bytes=77-");
  expect(registry.requests.at(-1)?.head.headers.get("authorization")).toStartWith("Basic ");
});

test("where a redirect leads, nobody gets a password by asking for it", async () => {
  await using storage = await FaultyRegistry.start({ auth: AUTH });
  const action = { kind: "redirect", to: `${storage.origin}{url}` } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "blob", action }] });
  const { reference, layer } = addSampleImage(registry);
  const { client } = quickClient({ credentials });
  expect((await failureOf(collect(client.blob(reference, layer, 0)))).code).toBe(
    "permission-denied",
  );
  for (const { head } of storage.requests) {
    expect(head.headers.get("authorization")).toBeUndefined();
  }
});

test("redirects within the registry keep the password; loops end", async () => {
  const action = { kind: "redirect", to: "/v2/other/manifests/1" } as const;
  const fault = { on: "manifest", where: /app/, action } as const;
  await using registry = await FaultyRegistry.start({ auth: AUTH, faults: [fault] });
  const { reference } = addSampleImage(registry);
  const { manifest } = addSampleImage(registry, "other");
  const { client } = quickClient({ credentials });
  expect(await client.resolve(reference)).toEqual(manifest);

  registry.plan.clear();
  registry.plan.add({ on: "manifest", action: { kind: "redirect", to: "{url}" } });
  const error = await failureOf(client.resolve(reference));
  expect(error.reason).toBe("it was redirected more than 8 times");
});

test.each([
  ["ftp://nowhere.example/", "it was redirected to what is no address of the web"],
  ["http://[", "it was redirected to what is no address of the web"],
])("a redirect to %p is refused", async (to, reason) => {
  const fault = { on: "manifest", action: { kind: "redirect", to } } as const;
  await using registry = await FaultyRegistry.start({ faults: [fault] });
  const { reference } = addSampleImage(registry);
  expect((await failureOf(quickClient().client.resolve(reference))).reason).toBe(reason);
});

test("an authority of its own is trusted where its folder has it", async () => {
  await using registry = await FaultyRegistry.start({ tls });
  const { reference, manifest } = addSampleImage(registry);
  const error = await failureOf(quickClient().client.resolve(reference));
  expect(error.reason).toMatch(/^the certificate of "localhost:\d+" is not trusted/);
  expect(error.hint).toContain(`/etc/ocicat/certs.d/${registry.domain}/ca.crt`);

  const hostsFolders = [certsWith(registry.domain, "ca.crt", tls.certificate)];
  expect(await quickClient({ hostsFolders }).client.resolve(reference)).toEqual(manifest);
  const insecure = [registry.domain];
  expect(await quickClient({ insecure }).client.resolve(reference)).toEqual(manifest);
});

test("TLS does not lead to plain HTTP", async () => {
  await using plain = await FaultyRegistry.start();
  const action = { kind: "redirect", to: `${plain.origin}{url}` } as const;
  await using registry = await FaultyRegistry.start({ tls, faults: [{ on: "manifest", action }] });
  const { reference } = addSampleImage(registry);
  const error = await failureOf(quickClient({ insecure: ["localhost"] }).client.resolve(reference));
  expect(error.reason).toBe(`it was redirected from TLS to plain HTTP at "${plain.domain}"`);
  expect(plain.requests).toEqual([]);
});

test("nobody at the other end is told at once", async () => {
  const registry = await FaultyRegistry.start();
  const { reference } = addSampleImage(registry);
  await registry[Symbol.asyncDispose]();
  const { client, events } = quickClient();
  const error = await failureOf(client.resolve(reference));
  expect(error.message).toBe(
    `resolve "${reference.domain}/app:1": nobody listens at "${reference.domain}"`,
  );
  expect(events).toEqual([]);
});

test("a proxy of the environment is used, but not for loopback", async () => {
  await using proxy = await FaultyRegistry.start();
  const { reference, manifest } = addSampleImage(proxy);
  await using registry = await FaultyRegistry.start();
  addSampleImage(registry);
  const before = process.env["HTTP_PROXY"];
  process.env["HTTP_PROXY"] = proxy.origin;
  try {
    const domain = "registry.example";
    const hostsFolders = [certsWith(domain, "hosts.toml", `server = "http://${domain}"`)];
    const { client } = quickClient({ hostsFolders });
    expect(await client.resolve({ ...reference, domain })).toEqual(manifest);
    expect(proxy.requests.at(-1)?.head.headers.get("host")).toBe(domain);
    const asked = proxy.requests.length;
    await client.resolve({ ...reference, domain: registry.domain });
    expect(proxy.requests).toHaveLength(asked);
  } finally {
    if (before === undefined) {
      delete process.env["HTTP_PROXY"];
    } else {
      process.env["HTTP_PROXY"] = before;
    }
  }
});

test("nothing keeps a process alive behind its last answer", async () => {
  const auth = { kind: "bearer", uses: 1 } as const;
  await using registry = await FaultyRegistry.start({ auth });
  addSampleImage(registry);
  const script = join(place, "client.ts");
  const source = join(import.meta.dir, "registry-client.ts");
  writeFileSync(
    script,
    `import { RegistryClient } from ${JSON.stringify(source)};
    const limits = { answerMs: 600_000, idleMs: 600_000 };
    const client = new RegistryClient({ hostsFolders: [], limits });
    const reference = { domain: "${registry.domain}", path: "app", tag: "1" };
    await client.resolve(reference);
    const { descriptor } = await client.manifest(reference);
    const open = async function* () { yield new Uint8Array(descriptor.size); };
    await client.uploadBlob(reference, { descriptor, open }).catch(() => console.log("refused"));
    `,
  );
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", timeout: 100_000 });
  expect(await new Response(child.stdout).text()).toBe("refused\n");
  expect(await child.exited).toBe(0);
});

interface Mirrored {
  readonly image: SampleImage;
  readonly hostsFolders: readonly string[];
}

function mirrored(mirror: FaultyRegistry, registry: FaultyRegistry): Mirrored {
  const image = addSampleImage(registry);
  const text = `server = "${registry.origin}"
    [host."${mirror.origin}"]
      capabilities = ["pull", "resolve"]
      [host."${mirror.origin}".header]
        x-test = "yes"
  `;
  const domain = "registry.example";
  const hostsFolders = [certsWith(domain, "hosts.toml", text)];
  return { image: { ...image, reference: { ...image.reference, domain } }, hostsFolders };
}

test("a mirror is asked first, told what it stands for, and never pushed to", async () => {
  await using mirror = await FaultyRegistry.start();
  await using registry = await FaultyRegistry.start();
  const { image, hostsFolders } = mirrored(mirror, registry);
  addSampleImage(mirror);
  const { client } = quickClient({ hostsFolders });
  expect(await client.resolve(image.reference)).toEqual(image.manifest);
  await collect(client.blob(image.reference, image.layer, 0));
  expect(registry.requests).toEqual([]);
  const [request] = mirror.requests;
  expect(request?.head.query.get("ns")).toBe("registry.example");
  expect(request?.head.headers.get("x-test")).toBe("yes");
  expect(await client.hasBlob(image.reference, image.layer.digest)).toBe(true);
  expect(registry.requests).toHaveLength(1);
});

test("what a mirror does not have, or gets wrong, comes from the registry", async () => {
  await using mirror = await FaultyRegistry.start();
  await using registry = await FaultyRegistry.start();
  const { image, hostsFolders } = mirrored(mirror, registry);
  const { client, events } = quickClient({ hostsFolders });
  expect(await client.resolve(image.reference)).toEqual(image.manifest);
  expect(events).toEqual([]);

  addSampleImage(mirror);
  const chunks: Uint8Array[] = [];
  const arrived = async () => {
    while (Buffer.concat(chunks).length < 200_000) {
      await Bun.sleep(1);
    }
  };
  const action = { kind: "cut", afterBytes: 200_000, when: arrived } as const;
  mirror.plan.add({ on: "blob", times: 1, action });
  mirror.plan.add({ on: "blob", action: { kind: "status", status: 500 } });
  for await (const chunk of client.blob(image.reference, image.layer, 0)) {
    chunks.push(chunk);
  }
  expect(Buffer.compare(Buffer.concat(chunks), image.layerContent)).toBe(0);
  const range = registry.requests.at(-1)?.head.headers.get("range");
  expect(range).toBe("bytes=200000-");
  const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain(`the mirror "${mirror.domain}" is passed over: `);
});

test("a mirror that is gone does no harm", async () => {
  const mirror = await FaultyRegistry.start();
  await using registry = await FaultyRegistry.start();
  const { image, hostsFolders } = mirrored(mirror, registry);
  await mirror[Symbol.asyncDispose]();
  const { client, events } = quickClient({ hostsFolders });
  expect(await client.resolve(image.reference)).toEqual(image.manifest);
  await collect(client.blob(image.reference, image.layer, 0));
  expect(events).toHaveLength(1);
});

test("a mirror that does not answer is asked once", async () => {
  const faults = [{ on: "all", action: { kind: "stall", afterBytes: -1 } }] as const;
  await using mirror = await FaultyRegistry.start({ faults });
  await using registry = await FaultyRegistry.start();
  const { image, hostsFolders } = mirrored(mirror, registry);
  const { client } = quickClient({ hostsFolders, limits: { answerMs: 1000 } });
  expect(await client.resolve(image.reference)).toEqual(image.manifest);
  const asked = mirror.requests.length;
  await client.manifest(image.reference);
  await collect(client.blob(image.reference, image.layer, 0));
  expect(mirror.requests).toHaveLength(asked);
});
