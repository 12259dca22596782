// secret exists: says by its exit code whether a secret is there.

import { inspectSecret } from "../../engine/secrets/secret-operations.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { defineExists } from "../define-exists.ts";

export const exists = defineExists({
  thing: "secret",
  completes: "secret",
  flags: PLACE_FLAGS,
  example: "ocicat secret exists db-password || ocicat secret create db-password ./password",
  find: (word, flags) => inspectSecret(word, { ...placeOptions(flags), withValue: false }),
});
