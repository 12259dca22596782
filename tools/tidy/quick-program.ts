// What the quick program leaves to the compiled one. A command that asks for it is begun again there, which costs
// it both starts: what people type all day must not, and what has changed anything outside must never have
// to. So whatever is left is named here, with who asks and when.

import type { LeftOut } from "../quick-bundle.ts";

/** By what is wanted. */
const LEFT_TO_THE_COMPILED_PROGRAM: Readonly<Record<string, string>> = {
  "src/cli/command-table.ts": "all other commands, and --help of groups: first of all",
  "src/cli/healthcheck/request.ts": "probes by HTTP and gRPC: a command of the supervisor's",
  "src/cli/oci/ps.ts": "ps of the OCI command line: it changes nothing",
  "src/cli/run/remove-image.ts": "run --rmi: before the container is made",
  "src/cli/supervise.ts": "the supervisor: first of all",
  "src/cli/terminal/progress/progress.ts":
    "what pulls an image has gone to the other program before",
  "src/engine/images/pull-images.ts": "an image that is not here: before the container is made",
  "src/engine/pods/with-new-pod.ts": "run --pod new:NAME: before the pod is made",
  "src/engine/volumes/copy-tree.ts": "a volume that the image has files for: before it is made",
  "src/image/bring-in-found.ts": "an image that is not unpacked: before the container is made",
  "src/image/content/ingest.ts": "blobs that come in: what brings an image has gone before",
};

export function checkLeftOut(leftOut: readonly LeftOut[]): string[] {
  const wanted = new Set(leftOut.map((each) => each.wanted));
  const known = new Set(Object.keys(LEFT_TO_THE_COMPILED_PROGRAM));
  return [
    ...leftOut
      .filter((each) => !known.has(each.wanted))
      .map((each) => `${each.asks}: asks for ${each.wanted}, which the quick program leaves out`),
    ...[...known.difference(wanted)].map(
      (each) => `${each}: tools/tidy/quick-program.ts says that the quick program leaves it out`,
    ),
  ];
}
