// healthcheck run: one probe, now.

import { checkHealth } from "../../engine/health/check-health.ts";
import { PROBE_KINDS, type ProbeKind } from "../../engine/health/health-check.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";
import { writeOutput } from "../write-text.ts";

const EXIT_UNHEALTHY = 1;
const EXIT_OWN_FAILURE = 125;

export const run = defineCommand({
  usage: ["CONTAINER"],
  about: `Executes the command of a container's health check in it, and writes down what came of it, as is done
every --health-interval. Says nothing when it succeeds, "unhealthy" or "starting" when it fails. Of a container
that has a startup check it is that one until it has succeeded.`,
  notes: `Exit codes: 0 when it succeeds, 1 when it fails, 125 when it could not be tried: the container is not
running, is paused or has no check.`,
  flags: {
    probe: { kind: "text", value: "KIND", help: `${PROBE_KINDS.join(", ")}: that one` },
    overdue: { kind: "switch", help: "write down a failure: the probe had to be killed" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat healthcheck run web"],
  async act(flags) {
    const { isWell, status } = await checkHealth(flags.args[0] ?? "", {
      ...placeOptions(flags),
      isOverdue: flags.switch("overdue"),
      kind: parseKind(flags.text("probe")),
    });
    if (isWell) {
      return 0;
    }
    writeOutput(`${status === "starting" ? status : "unhealthy"}\n`);
    return EXIT_UNHEALTHY;
  },
  failureCode: () => EXIT_OWN_FAILURE,
});

function parseKind(text: string | undefined): ProbeKind | undefined {
  const kind = PROBE_KINDS.find((each) => each === text);
  if (text !== undefined && kind === undefined) {
    throw badValue("probe", text, `it is none of ${PROBE_KINDS.join(", ")}`);
  }
  return kind;
}
