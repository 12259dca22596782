// The bundles that the runtimes are given: what `runc spec` writes, with /bin/true, on a busybox root.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "../peers/command.ts";
import { busyboxRoot } from "../peers/images.ts";
import { REPOSITORY } from "../repository.ts";

export interface Bundles {
  /** Runs /bin/true and ends. */
  readonly plain: string;
  /** The same with Docker's default seccomp profile. */
  readonly seccomp: string;
  /** Sleeps: for exec, and for what a detached container leaves in memory. */
  readonly sleeping: string;
}

interface Configuration {
  process: { terminal: boolean; args: string[]; env: string[] };
  root: { path: string };
  linux: { seccomp?: unknown };
}

export async function makeBundles(folder: string): Promise<Bundles> {
  const root = await busyboxRoot();
  const profile: unknown = await Bun.file(
    join(REPOSITORY, "test/fixtures/docker-default-seccomp.json"),
  ).json();
  const make = (name: string, change: (configuration: Configuration) => void) =>
    makeBundle(join(folder, name), root, change);
  return {
    plain: await make("plain", () => undefined),
    seccomp: await make("seccomp", (configuration) => {
      configuration.linux.seccomp = profile;
    }),
    sleeping: await make("sleeping", (configuration) => {
      configuration.process.args = ["/bin/sleep", "3600"];
    }),
  };
}

async function makeBundle(
  bundle: string,
  root: string,
  change: (configuration: Configuration) => void,
): Promise<string> {
  mkdirSync(bundle, { recursive: true });
  await must(["runc", "spec", "--bundle", bundle]);
  const path = join(bundle, "config.json");
  const configuration: Configuration = await Bun.file(path).json();
  configuration.process.terminal = false;
  configuration.process.args = ["/bin/true"];
  configuration.root.path = root;
  change(configuration);
  await Bun.write(path, JSON.stringify(configuration, undefined, 2));
  return bundle;
}
