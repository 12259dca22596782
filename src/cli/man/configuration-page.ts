// ocicat-config.toml(5): the settings, from their table.

import packageFile from "../../../package.json" with { type: "json" };
import { formatDefault } from "../../config/example-file.ts";
import { CONFIG_VARIABLE, SYSTEM_FILE } from "../../config/read-configuration.ts";
import { SETTINGS, type SettingKey, settingKeys, variableOf } from "../../config/schema.ts";
import type { ManPage } from "./command-page.ts";
import { bold, example, inlineText, pageHead, paragraphs, section, term } from "./roff.ts";

const ABOUT = `Nothing has to be configured. Each setting is taken from the first of these that has it: a flag of the
command; a variable in the environment; \`$XDG_CONFIG_HOME/ocicat/config.toml\`, without that variable
\`~/.config/ocicat/config.toml\`; \`${SYSTEM_FILE}\`; its default.

\`${CONFIG_VARIABLE}\` names a file that is read instead of both; empty, none is. A file counts only if it belongs to root
or to whoever runs ocicat, and not everybody can write to it. \`ocicat config\` shows what holds and where each value
comes from.`;

export function configurationPage(): ManPage {
  const name = "ocicat-config.toml";
  const { version } = packageFile;
  const head = pageHead({ name, section: 5, summary: "settings of ocicat", version });
  const settings = settingKeys().map((key) => term(bold(key), aboutOf(key)));
  return {
    file: `${name}.5`,
    text: [
      head,
      section("DESCRIPTION", paragraphs(ABOUT)),
      section("SETTINGS", settings.join("")),
      section(
        "EXAMPLES",
        example(["[image]", 'pull-policy = "newer"', 'default-registry = "quay.io"']),
      ),
      section("SEE ALSO", `${bold("ocicat-config")}(1)\n`),
    ].join(""),
  };
}

function aboutOf(key: SettingKey): string {
  const { takes, purpose } = SETTINGS[key];
  const fallback = formatDefault(key);
  const byDefault = fallback === "" ? "" : ` By default ${bold(fallback)}.`;
  const sentences = `${inlineText(`${purpose}. It takes ${takes}.`)}${byDefault}`;
  return `${sentences}\nVariable: ${bold(variableOf(key))}.`;
}
