// Commands that docker or podman have and that can't be had here: why. Read only when one is asked for.

import type { Refusal } from "./parse-command-line.ts";
import { BUILDING } from "./shared-refusals.ts";

const NETWORKS: Refusal = {
  reason: "there are no networks with addresses yet",
  hint: "--network host has the host's, --network container:NAME another container's",
};
const CHECKPOINTS: Refusal = { reason: "containers are started from their beginning" };
const SWARMS: Refusal = { reason: "containers run on this machine alone" };
const NO_SERVER: Refusal = {
  reason: "there is no server to talk to: commands do their work themselves",
};
const MOUNTED_INSIDE: Refusal = {
  reason: "a container's files are mounted in the container alone",
  hint: "`ocicat cp` and `ocicat export` read them",
};
const SIGNING: Refusal = {
  reason: "images are not signed here",
  hint: "cosign signs what is in a registry; `ocicat copy --referrers` copies signatures",
};
const UNITS: Refusal = {
  reason: "no units are written",
  hint: "--restart always starts a container after a boot, by the unit ocicat-boot",
};
const NOTHING_TO_DO: Refusal = { reason: "there is nothing that it would have to do" };

/** By the words behind `ocicat`. One of a group stands for all that is behind it. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  "auto-update": { reason: "nothing watches registries", hint: "`ocicat pull`, then --replace" },
  build: BUILDING,
  builder: BUILDING,
  buildx: BUILDING,
  bake: BUILDING,
  checkpoint: CHECKPOINTS,
  completion: {
    reason: "they are installed with the program",
    hint: "`npm run install:to` puts them where shells look",
  },
  compose: { reason: "compose files are not read", hint: "`ocicat kube play` reads Kubernetes'" },
  "container checkpoint": CHECKPOINTS,
  "container cleanup": NOTHING_TO_DO,
  "container init": { reason: "a container is made as a whole when it starts" },
  "container mount": MOUNTED_INSIDE,
  "container restore": CHECKPOINTS,
  "container runlabel": { reason: "what an image says is not executed outside of a container" },
  "container umount": MOUNTED_INSIDE,
  "container unmount": MOUNTED_INSIDE,
  context: NO_SERVER,
  farm: NO_SERVER,
  "generate spec": { reason: "a container is described for this program", hint: "ocicat inspect" },
  "generate systemd": UNITS,
  "image build": BUILDING,
  "image diff": { reason: "images are not compared", hint: "`ocicat history` shows the steps" },
  "image mount": {
    reason: "an image's files are mounted in containers alone",
    hint: "`ocicat export IMAGE` writes them, --mount type=image shows them to a container",
  },
  "image scp": {
    reason: "machines are not asked",
    hint: "ocicat save IMAGE | ssh HOST ocicat load",
  },
  "image sign": SIGNING,
  "image tree": { reason: "layers have no names", hint: "`ocicat history` shows an image's steps" },
  "image trust": SIGNING,
  "image umount": MOUNTED_INSIDE,
  "image unmount": MOUNTED_INSIDE,
  init: { reason: "a container is made as a whole when it starts" },
  machine: NO_SERVER,
  mount: MOUNTED_INSIDE,
  network: NETWORKS,
  node: SWARMS,
  plugin: { reason: "there are no plugins: volumes are folders, networks come later" },
  "pod clone": {
    reason: "a pod is not made from another one",
    hint: "`ocicat kube generate POD | ocicat kube play -`, with another name in it, makes one",
  },
  service: SWARMS,
  stack: SWARMS,
  swarm: SWARMS,
  "system connection": NO_SERVER,
  "system dial-stdio": NO_SERVER,
  "system migrate": NOTHING_TO_DO,
  "system renumber": NOTHING_TO_DO,
  "system service": NO_SERVER,
  trust: SIGNING,
  umount: MOUNTED_INSIDE,
  unmount: MOUNTED_INSIDE,
  unshare: {
    reason: "an ordinary user's ids are entered by the commands that need them",
    hint: "`ocicat cp` and `ocicat export` read files of other ids",
  },
  "volume mount": {
    reason: "a volume is a folder, there is nothing to mount",
    hint: "`ocicat volume inspect -f '{{.Mountpoint}}' VOLUME` tells which",
  },
  "volume reload": { reason: "there are no plugins whose volumes it could find" },
  "volume unmount": { reason: "a volume is a folder, there is nothing to unmount" },
};

/** `words`: as they were typed behind `ocicat`. Undefined: nobody has such a command. */
export function refusalOf(words: string): Refusal | undefined {
  return Object.hasOwn(REFUSED, words) ? REFUSED[words] : undefined;
}
