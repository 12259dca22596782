// The image that everyday commands are tried on: Debian with the servers that people run. Made once and
// kept in the cache (cache.ts) as an OCI image layout with the tag "latest", about 120 MB:
//
//   services-HASH/layout    nginx, redis, postgresql (without a cluster), python3, cron, ps: one gzip layer

import { join } from "node:path";
import { madeOnce } from "./cache.ts";
import { must } from "./command.ts";
import { IMAGE_TAG } from "./images.ts";

const OPTIONS = [
  "--variant=minbase",
  "--include=python3,nginx-light,redis-server,postgresql-15,cron,procps",
  '--aptopt=Acquire::Languages "none"',
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-exclude=/usr/share/info/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/man/*",
  // Only postgres' compiler of queries has it, and needs not be there.
  "--dpkgopt=path-exclude=/usr/lib/*/libLLVM*",
  // The tests make a cluster of their own.
  '--essential-hook=mkdir -p "$1/etc/postgresql-common"',
  '--essential-hook=echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
];
const RELEASE = "bookworm";

/** Path of an OCI image layout. */
export async function servicesLayout(): Promise<string> {
  const folder = await madeOnce({
    name: "services",
    ingredients: [...OPTIONS, RELEASE, packServices.toString()],
    make: packServices,
  });
  return join(folder, "layout");
}

async function packServices(folder: string): Promise<void> {
  const root = join(folder, "rootfs");
  const layout = join(folder, "layout");
  const image = `${layout}:${IMAGE_TAG}`;
  await must(["mmdebstrap", ...OPTIONS, RELEASE, root], { seconds: 900 });
  await must(["rm", "-rf", join(root, "var/cache/apt"), join(root, "var/lib/apt/lists")]);
  await must(["umoci", "init", "--layout", layout]);
  await must(["umoci", "new", "--image", image]);
  await must(["umoci", "insert", "--image", image, root, "/"], { seconds: 300 });
  await must(["umoci", "config", "--image", image, "--config.cmd=bash"]);
  await must(["umoci", "gc", "--layout", layout]);
  await must(["rm", "-rf", root]);
}
