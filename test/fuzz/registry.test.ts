// What registries and configuration files say, malformed by the hundred: each parser answers with a value
// or with our own error. And registries that do wrong at random: each pull ends right, or with an error,
// and ends. The seed makes each run the same; OCICAT_FUZZ_SEED sets another one.

import { expect, test } from "bun:test";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { parseAuthFile } from "../../src/image/registry/auth-file.ts";
import { parseChallenges } from "../../src/image/registry/challenge.ts";
import { addSampleImage, collect, quickClient } from "../../src/image/registry/client.fixture.ts";
import { parseHostsToml } from "../../src/image/registry/hosts-toml.ts";
import { nextLink } from "../../src/image/registry/link-header.ts";
import { describeErrors, retryAfterMs } from "../../src/image/registry/registry-error.ts";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import type {
  Fault,
  FaultAction,
  RequestKind,
} from "../../tools/testing/faulty-registry-faults.ts";
import { damagedText } from "../fixtures/damaged-text.ts";
import { seededRandom } from "../fixtures/random.ts";

const SEED = Number(process.env["OCICAT_FUZZ_SEED"] ?? 1);
const ROUNDS = 3000;

const random = seededRandom(SEED);

function below(limit: number): number {
  return Math.floor(random() * limit);
}

function oneOf<Value>(values: readonly [Value, ...Value[]]): Value {
  return values[below(values.length)] ?? values[0];
}

/** Whether a parser has an answer; anything but our own error is none. */
function answers(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    return error instanceof OcicatError && error.code === "invalid-config";
  }
}

const CHALLENGES =
  'Negotiate abc=, Basic realm="a \\"b\\"", ' +
  'Bearer realm="https://auth.example/token",service="s",scope="repository:a/b:pull,push"';
const LINKS = '</v2/a?n=1&last=b>; rel="next"; title="x, y", <https://h.example/c>; rel=first';
const HOSTS = `server = "https://up.example"
ca = ["a.crt", "b.crt"]
[host."https://mirror.example:5000"]
  capabilities = ["pull", "resolve"]
  client = [["c.cert", "c.key"], "d.pem"]
  skip_verify = true
  override_path = false
  [host."https://mirror.example:5000".header]
    x-one = ["a", "b"]
`;
const AUTHS = JSON.stringify({
  auths: { "quay.io/a": { auth: "YTpi" }, "https://index.docker.io/v1/": { identitytoken: "t" } },
  credHelpers: { "gcr.io": "gcloud" },
  credsStore: "pass",
});
const ERRORS = JSON.stringify({ errors: [{ code: "DENIED", message: "no", detail: {} }] });

const PARSERS: readonly (readonly [string, string, (text: string) => unknown])[] = [
  ["challenges", CHALLENGES, parseChallenges],
  ["links", LINKS, nextLink],
  ["hosts.toml", HOSTS, (text) => parseHostsToml(text, "it")],
  ["files of credentials", AUTHS, (text) => parseAuthFile(text, "/it")],
  ["error documents", ERRORS, describeErrors],
  ["dates", "Sun, 29 Nov 2026 15:00:00 GMT", (text) => retryAfterMs(text, 0)],
];

test.each(PARSERS)("malformed %s are answered or refused", (_, sound, parse) => {
  expect(answers(() => parse(sound))).toBe(true);
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = damagedText(sound, random);
    if (!answers(() => parse(text))) {
      expect(text).toBe("a text that is answered or refused");
    }
  }
});

test("headers made to take long do not", () => {
  for (const text of [
    '"'.repeat(16_000),
    "a ".repeat(8000),
    "a=".repeat(8000),
    `a="${"\\".repeat(16_000)}`,
  ]) {
    expect(answers(() => parseChallenges(text))).toBe(true);
    expect(answers(() => nextLink(text))).toBe(true);
  }
  for (const text of [
    "<a>;".repeat(4000),
    `<a>${"; a=b".repeat(3000)}`,
    `<a>${" ".repeat(15_000)}`,
  ]) {
    expect(answers(() => nextLink(text))).toBe(true);
  }
});

function randomAction(): FaultAction {
  const afterBytes = oneOf([-1, 0, 1, 100, 70_000, 600_000]);
  return oneOf<FaultAction>([
    { kind: "reset", afterBytes },
    { kind: "stall", afterBytes },
    { kind: "short", bytes: below(1000) },
    { kind: "long", bytes: 1 + below(1000) },
    { kind: "length", value: below(2_000_000) },
    { kind: "endless" },
    { kind: "corrupt", at: below(300) },
    { kind: "status", status: oneOf([200, 204, 206, 301, 400, 401, 403, 404, 416, 429, 500, 503]) },
    { kind: "status", status: 200, body: damagedText(ERRORS, random) },
    {
      kind: "headers",
      headers: {
        "Content-Type": damagedText("application/json", random).replaceAll(/[^ -~]/g, ""),
      },
    },
    { kind: "headers", headers: { "Docker-Content-Digest": "", "Content-Range": "bytes 1-2/3" } },
    { kind: "headers", headers: { "WWW-Authenticate": "Basic" } },
    { kind: "redirect", to: oneOf(["{url}", "/v2/other{url}", "//localhost:1{url}"]) },
    { kind: "no-range" },
    { kind: "wrong-range" },
    { kind: "garbage" },
  ]);
}

function randomFault(): Fault {
  const on = oneOf<RequestKind | "all">(["manifest", "blob", "token", "all"]);
  return { on, skip: below(2), times: 1 + below(4), action: randomAction() };
}

const PULLS = 60;

test("registries that do wrong at random: each pull ends, right or with an error", async () => {
  let right = 0;
  let refused = 0;
  for (let round = 0; round < PULLS; round += 1) {
    const faults = Array.from({ length: 1 + below(3) }, randomFault);
    await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" }, faults });
    const { reference, layer, layerContent, manifest } = addSampleImage(registry);
    const { client } = quickClient({ limits: { answerMs: 150, idleMs: 150, attempts: 3 } });
    try {
      const pulled = await client.manifest(reference);
      expect(pulled.descriptor.digest).toBe(manifest.digest);
      const content = await collect(client.blob(reference, layer, 0));
      // A wrong bit is found by whoever stores the blob; nothing else may be wrong with it.
      const isWhole = content.length === layerContent.length;
      expect({ isWhole, faults }).toEqual({ isWhole: true, faults });
      right += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
      refused += 1;
    }
  }
  expect(right).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(right + refused).toBe(PULLS);
}, 120_000);
