// healthcheck request: asks a port of the network that this process is in. For health checks that have no
// command: engine/health/port-probe.ts.

import { askAs } from "../../engine/health/port-requests.ts";
import { defineCommand } from "../command.ts";
import { writeError } from "../write-text.ts";

export const request = defineCommand({
  usage: ["HTTP URL [HEADER...]", "TCP HOST PORT", "GRPC HOST PORT [SERVICE]"],
  about:
    "Asks a port, as the probes of Kubernetes do. Exit code 1: the answer is not as it should be.",
  flags: {},
  args: { min: 2 },
  placement: "first",
  examples: ["ocicat healthcheck request TCP 127.0.0.1 80"],
  async act({ args }) {
    const fault = await askAs(args).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (fault !== undefined) {
      writeError(`${fault}\n`);
    }
    return fault === undefined ? 0 : 1;
  },
});
