// secret inspect: what is known of secrets; their values only when that is asked for.

import { inspectSecret } from "../../engine/secrets/secret-operations.ts";
import { decodeText } from "../../sys/memory.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";

export const inspect = defineCommand({
  usage: ["[FLAGS] SECRET..."],
  about: "Shows what is known of secrets, as a JSON array with the fields of podman.",
  flags: {
    ...INSPECT_FORMAT_FLAG,
    showsecret: { kind: "switch", help: "with its value" },
    ...PLACE_FLAGS,
  },
  args: { min: 1 },
  completes: "secret",
  examples: [
    "ocicat secret inspect db-password",
    "ocicat secret inspect --showsecret -f '{{.SecretData}}' db-password",
  ],
  act(flags, { command }) {
    const options = { ...placeOptions(flags), withValue: flags.switch("showsecret") };
    return inspectEach(flags, command, async (word) => {
      const { id, name, created, updated, labels, value } = await inspectSecret(word, options);
      return {
        ID: id,
        CreatedAt: created,
        UpdatedAt: updated,
        Spec: { Name: name, Driver: { Name: "file", Options: {} }, Labels: labels },
        ...(value === undefined ? {} : { SecretData: decodeText(value) }),
      };
    });
  },
});
