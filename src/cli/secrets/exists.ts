// secret exists: says by its exit code whether a secret is there.

import { inspectSecret } from "../../engine/secrets/secret-operations.ts";
import { unlessMissing } from "../../error/unless-missing.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";

export const exists = defineCommand({
  usage: ["SECRET"],
  about: "Says by its exit code whether the secret is there: 0 when it is, 1 when it is not.",
  flags: PLACE_FLAGS,
  args: { min: 1, max: 1 },
  completes: "secret",
  examples: ["ocicat secret exists db-password || ocicat secret create db-password ./password"],
  async act(flags) {
    const found = await inspectSecret(flags.args[0] ?? "", {
      ...placeOptions(flags),
      withValue: false,
    }).catch(unlessMissing);
    return found === undefined ? 1 : 0;
  },
  failureCode: () => 125,
});
