import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK_EX, LOCK_NB, O_RDONLY } from "../abi/file.ts";
import { parseDigest } from "../oci/digest.ts";
import { OwnedFd, open, tryFlock } from "../sys/file.ts";
import { Store } from "./layout.ts";
import { Lease, livingLeases } from "./lease.ts";

const ONE = parseDigest(`sha256:${"1".repeat(64)}`);
const TWO = parseDigest(`sha512:${"2".repeat(128)}`);

let root = "";
let store: Store;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ocicat-lease-"));
  store = new Store(root);
});

afterEach(() => {
  store[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

test("a lease protects until it is disposed of", () => {
  {
    using lease = new Lease(store, "pull\ndebian");
    lease.protect(ONE);
    lease.protect(TWO, ONE);
    using other = new Lease(store, "run");
    other.protect();
    const leases = livingLeases(store);
    expect(leases.map(({ purpose }) => purpose).sort()).toEqual(['"pull\\ndebian"', '"run"']);
    expect(leases.flatMap(({ digests }) => digests)).toEqual([ONE, TWO]);
  }
  expect(livingLeases(store)).toEqual([]);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
});

test("where nothing can be written it keeps collections waiting", () => {
  // Nobody makes files in sysfs.
  using folder = new OwnedFd(open("/sys", O_RDONLY));
  using version = new OwnedFd(open(join(root, "version"), O_RDONLY));
  const isFree = (): boolean => tryFlock(version.number, LOCK_EX | LOCK_NB) === 0;
  {
    using lease = new Lease(Object.create(store, { staging: { value: folder } }), "save debian");
    lease.protect(ONE);
    expect(isFree()).toBe(false);
  }
  expect(isFree()).toBe(true);
});

test("the lease of a process that was killed counts for nothing", async () => {
  const code = `
    const { Store } = await import(${JSON.stringify(join(import.meta.dir, "layout.ts"))});
    const { Lease } = await import(${JSON.stringify(join(import.meta.dir, "lease.ts"))});
    globalThis.lease = new Lease(new Store(${JSON.stringify(root)}), "pull");
    lease.protect(${JSON.stringify(ONE)});
    console.log("held");
    setInterval(() => {}, 1000);
  `;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  await child.stdout.getReader().read();
  expect(livingLeases(store).map(({ digests }) => digests)).toEqual([[ONE]]);
  child.kill("SIGKILL");
  await child.exited;
  expect(livingLeases(store)).toEqual([]);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
});
