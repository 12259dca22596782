// Images as registries have them, for what is pushed, pulled and measured; each is made once and kept in
// the cache (cache.ts) as an OCI image layout with the tag "latest":
//
//   server-HASH/layout     Debian with python3, nginx, redis and perl: one gzip layer, about 230 MB of tar
//   layered-HASH/layout    busybox and four layers by buildah: files that are replaced and removed, a
//                          directory that is made anew, links, owners, extended attributes

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { madeOnce } from "./cache.ts";
import { must } from "./command.ts";
import { busyboxRoot, IMAGE_TAG } from "./images.ts";

const SERVER_OPTIONS = [
  "--variant=minbase",
  "--include=python3,nginx-light,redis-server,perl",
  '--aptopt=Acquire::Languages "none"',
];
const SERVER_RELEASE = "bookworm";

/** Path of an OCI image layout: one large layer, some ten thousand entries. */
export async function serverLayout(): Promise<string> {
  const folder = await madeOnce({
    name: "server",
    ingredients: [...SERVER_OPTIONS, SERVER_RELEASE, packServer.toString()],
    make: packServer,
  });
  return join(folder, "layout");
}

async function packServer(folder: string): Promise<void> {
  const root = join(folder, "rootfs");
  const layout = join(folder, "layout");
  const image = `${layout}:${IMAGE_TAG}`;
  await must(["mmdebstrap", ...SERVER_OPTIONS, SERVER_RELEASE, root], { seconds: 900 });
  await must(["umoci", "init", "--layout", layout]);
  await must(["umoci", "new", "--image", image]);
  await must(["umoci", "insert", "--image", image, root, "/"], { seconds: 300 });
  await must(["umoci", "config", "--image", image, "--config.cmd=bash"]);
  await must(["umoci", "gc", "--layout", layout]);
  await must(["rm", "-rf", root]);
}

/** What each layer above busybox does, as a script in the root of its tree. */
const LAYERS = [
  `mkdir -p opt/app/data opt/removed srv/links
   echo one > opt/app/data/kept; echo two > opt/app/data/replaced; echo three > opt/removed/file
   for number in 1 2 3 4 5 6 7 8 9; do echo $number > opt/app/data/number-$number; done
   ln opt/app/data/kept srv/links/hard; ln -s /opt/app/data/kept srv/links/soft
   head -c 300000 /dev/urandom > opt/app/large
   chown -R 1000:2000 opt/app; chmod 4755 opt/app/data/kept; chmod 2770 opt/app`,
  `echo changed > opt/app/data/replaced; rm opt/app/data/number-3
   setfattr -n user.origin -v layer opt/app/data/replaced; mkfifo srv/fifo`,
  `rm -r opt/removed opt/app/data; mkdir opt/app/data; echo new > opt/app/data/only
   touch -d 2001-02-03T04:05:06.789 srv/links`,
  `rm srv/links/soft; mkdir srv/links/soft; echo deep > srv/links/soft/file; chmod 700 srv`,
];

/** Path of an OCI image layout: five gzip layers, with whiteouts and an opaque directory. */
export async function layeredLayout(): Promise<string> {
  const folder = await madeOnce({
    name: "layered",
    ingredients: [...LAYERS, buildLayers.toString()],
    make: buildLayers,
  });
  return join(folder, "layout");
}

/** Only buildah's container store knows the layers between two commits: it gets one of its own. */
async function buildLayers(folder: string): Promise<void> {
  const store = join(folder, "buildah");
  const flags = ["--root", join(store, "root"), "--runroot", join(store, "run")];
  const buildah = async (...parts: string[]): Promise<string> =>
    (await must(["buildah", ...flags, "--storage-driver=overlay", ...parts])).trim();
  await mkdir(store);
  const policy = join(store, "policy.json");
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const commit = ["commit", "--quiet", "--format=oci", "--signature-policy", policy, "--rm"];
  let image = await startImage(buildah, commit);
  for (const script of LAYERS) {
    const container = await buildah("from", "--pull-never", "--signature-policy", policy, image);
    const root = await buildah("mount", container);
    await must(["sh", "-euc", script], { folder: root });
    image = await buildah(...commit, container);
  }
  const target = `oci:${join(folder, "layout")}:${IMAGE_TAG}`;
  await buildah("push", "--quiet", "--signature-policy", policy, image, target);
  await must(["rm", "-rf", store]);
}

async function startImage(
  buildah: (...parts: string[]) => Promise<string>,
  commit: readonly string[],
): Promise<string> {
  const container = await buildah("from", "scratch");
  const root = await buildah("mount", container);
  await must(["cp", "-a", `${await busyboxRoot()}/.`, root]);
  await buildah("config", "--cmd", "sh", "--label", "purpose=test", container);
  return await buildah(...commit, container);
}
