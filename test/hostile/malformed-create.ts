// Creates containers from malformed configurations, and prints what became of them as JSON:
//
//   unshare --mount bun malformed-create.ts SEED COUNT
//
// In a mount namespace of its own: were a mount to escape, it would not reach the machine. For the same
// reason no configuration leaves the container's own mount namespace, root and cgroup.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import type { Spec } from "../../src/oci/spec.ts";
import { create } from "../../src/runtime/create.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { seededRandom } from "../fixtures/random.ts";
import { type Bundle, Scratch } from "./scratch.ts";

export interface Outcome {
  /** How often each code of error was thrown; "created": how often none was. */
  readonly counts: Record<string, number>;
  /** What must not happen: another error, something left. */
  readonly problems: readonly string[];
}

type Container = Record<string, unknown>;

interface Place {
  readonly container: Container;
  readonly key: string;
}

const STRANGE: readonly unknown[] = [
  null,
  true,
  "",
  "x",
  "/",
  "..",
  "/../../x",
  "a\0b",
  "\u{1F408}".repeat(300),
  "x".repeat(5000),
  0,
  -1,
  1.5,
  4_294_967_295,
  2 ** 53,
  -(2 ** 63),
  1e300,
  [],
  {},
  [null],
  [[]],
  ["", "/", ".."],
  { path: "/missing" },
];

function asContainer(value: unknown): Container | undefined {
  return typeof value === "object" && value !== null ? (value as Container) : undefined;
}

function placesIn(value: unknown, places: Place[] = []): readonly Place[] {
  const container = asContainer(value);
  for (const key of Object.keys(container ?? {})) {
    if (container !== undefined) {
      places.push({ container, key });
      placesIn(container[key], places);
    }
  }
  return places;
}

class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #one<Value>(values: readonly Value[]): Value | undefined {
    return values[this.#below(values.length)];
  }

  /** One to three changes; what is not kept apart from the machine is changed anew. */
  malformed(spec: Spec): unknown {
    for (;;) {
      const document: unknown = JSON.parse(JSON.stringify(spec));
      const changes = 1 + this.#below(3);
      for (let change = 0; change < changes; change += 1) {
        this.#change(document);
      }
      if (isContained(document)) {
        return document;
      }
    }
  }

  #change(document: unknown): void {
    const places = placesIn(document);
    const place = this.#one(places);
    const isAlike = this.#below(3) > 0;
    const alike = places.filter(({ container, key }) => {
      return typeof container[key] === typeof place?.container[place.key];
    });
    const other = this.#one(isAlike ? alike : places);
    if (place === undefined || other === undefined) {
      return;
    }
    const { container, key } = place;
    switch (this.#below(6)) {
      case 0:
        delete container[key];
        break;
      case 1:
        container[key] = [container[key], container[key]];
        break;
      case 2:
        container[key] = this.#one(STRANGE);
        break;
      default:
        // What is of the right type comes far.
        container[key] = JSON.parse(JSON.stringify(other.container[other.key] ?? null));
    }
  }
}

function isContained(document: unknown): boolean {
  const root = asContainer(asContainer(document)?.["root"])?.["path"];
  const linux = asContainer(asContainer(document)?.["linux"]);
  const cgroup = linux?.["cgroupsPath"];
  const namespaces = linux?.["namespaces"];
  const isIsolated =
    Array.isArray(namespaces) &&
    ["mount", "network", "uts", "ipc", "pid"].every((type) =>
      namespaces.some((entry) => asContainer(entry)?.["type"] === type),
    ) &&
    namespaces.every((entry) => typeof asContainer(entry)?.["path"] !== "string");
  const isOwnRoot = typeof root !== "string" || root === "rootfs";
  const isOwnCgroup = typeof cgroup !== "string" || cgroup.startsWith("/ocicat-test-");
  return isIsolated && isOwnRoot && isOwnCgroup && linux?.["netDevices"] === undefined;
}

function elaborate(scratch: Scratch): Bundle {
  const hook = { path: "/bin/true", args: ["true"], env: ["A=b"], timeout: 5 };
  return scratch.bundle({
    args: ["/bin/sleep", "1000"],
    image: (root) => {
      writeFileSync(join(root, "etc/file"), "");
      chmodSync(join(root, "etc/file"), 0o755);
    },
    process: {
      user: { uid: 7, gid: 8, umask: 0o27, additionalGids: [9, 10] },
      oomScoreAdj: 100,
      rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }],
      scheduler: { policy: "SCHED_BATCH", nice: 5 },
    },
    mounts: [
      { type: "tmpfs", source: "tmpfs", destination: "/tmp", options: ["nosuid", "size=64k"] },
      { type: "bind", source: scratch.host, destination: "/etc/host", options: ["rbind", "ro"] },
    ],
    hooks: { prestart: [hook], createRuntime: [hook], createContainer: [hook], poststop: [hook] },
    linux: {
      devices: [{ path: "/dev/extra", type: "c", major: 1, minor: 3, fileMode: 0o600, uid: 1 }],
      sysctl: { "net.ipv4.ip_forward": "1", "kernel.domainname": "name" },
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        memory: { limit: 100_000_000, swappiness: 10 },
        cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: "0", mems: "0" },
        pids: { limit: 100 },
        blockIO: { weight: 100 },
      },
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
      },
      personality: { domain: "LINUX" },
    },
  });
}

class Campaign {
  readonly scratch = new Scratch();
  readonly counts: Record<string, number> = {};
  readonly problems: string[] = [];
  readonly #bundle = elaborate(this.scratch);

  async attempt(change: (spec: Spec) => unknown): Promise<void> {
    const options = this.scratch.options(this.#bundle);
    const placed: Spec = JSON.parse(options.config ?? "");
    const config = JSON.stringify(change(placed));
    try {
      await create({ ...options, config });
      this.#count("created");
      deleteContainer({ ...options, force: true });
    } catch (error) {
      this.#judge(error, config);
    }
    for (const line of this.scratch.takeLeftovers()) {
      this.problems.push(`left: ${line}: ${config.slice(0, 4000)}`);
    }
  }

  #judge(error: unknown, config: string): void {
    if (!(error instanceof OcicatError) || error.code === "internal") {
      const text = error instanceof Error ? `${error.stack}` : String(error);
      this.problems.push(`${text}: ${config.slice(0, 4000)}`);
      return;
    }
    this.#count(error.code);
    for (const failure of error.cleanupFailures) {
      this.problems.push(`clean-up: ${failure}: ${config.slice(0, 4000)}`);
    }
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

if (import.meta.main) {
  const [seed = 1, count = 1] = process.argv.slice(2).map(Number);
  const mutator = new Mutator(seed);
  const campaign = new Campaign();
  await campaign.attempt((spec) => spec);
  for (let attempt = 0; attempt < count; attempt += 1) {
    await campaign.attempt((spec) => mutator.malformed(spec));
  }
  campaign.scratch.remove();
  const outcome: Outcome = { counts: campaign.counts, problems: campaign.problems };
  await Bun.write(Bun.stdout, JSON.stringify(outcome));
}
