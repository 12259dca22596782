// Variables of the environment that were meant to be settings and are none.

import { closestWord } from "../error/similar-words.ts";
import { CONFIG_VARIABLE } from "./read-configuration.ts";
import { settingKeys, variableOf } from "./schema.ts";

/**
 * One sentence for each. Only names that begin as a setting's does are looked at, and those that are
 * nearly one: OCICAT_ is also what others, and this program, begin their own variables with.
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = [...settingKeys().map(variableOf), CONFIG_VARIABLE];
  const beginnings = known.map((name) => name.split("_", 2).join("_"));
  return Object.keys(environment)
    .filter((name) => name.startsWith("OCICAT_") && !known.includes(name))
    .flatMap((name) => {
      const near = closestWord(name, known);
      const isMeant = beginnings.some((beginning) => name.startsWith(`${beginning}_`));
      const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
      return near !== undefined || isMeant ? [`${name} is no setting${suggestion}`] : [];
    });
}
