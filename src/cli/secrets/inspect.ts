// secret inspect: what is known of secrets; their values only when that is asked for.

import { inspectSecret } from "../../engine/secrets/secret-operations.ts";
import { decodeText } from "../../sys/memory.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";
import { badValue } from "../run/bad-value.ts";

/** Docker's lines. */
const PRETTY = `ID:              {{.ID}}
Name:            {{.Spec.Name}}
{{- if .Spec.Labels}}
Labels:
{{- range $key, $value := .Spec.Labels}}
 - {{$key}}={{$value}}
{{- end}}
{{- end}}
Driver:          {{.Spec.Driver.Name}}
Created at:      {{.CreatedAt}}
Updated at:      {{.UpdatedAt}}`;

export const inspect = defineCommand({
  usage: ["[FLAGS] SECRET..."],
  about: "Shows what is known of secrets, as a JSON array with the fields of podman.",
  flags: {
    ...INSPECT_FORMAT_FLAG,
    pretty: { kind: "switch", help: "as lines for people" },
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
    const pretty = flags.switch("pretty");
    if (pretty && flags.isSet("format")) {
      throw badValue("pretty", "true", "it does not go with --format");
    }
    const options = { ...placeOptions(flags), withValue: flags.switch("showsecret") };
    const shown = pretty ? { args: flags.args, text: () => PRETTY } : flags;
    return inspectEach(shown, command, async (word) => {
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
