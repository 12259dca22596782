// --format of `list` and `ps`.

import { quote } from "../../error/ocicat-error.ts";
import { usageError } from "../flags.ts";

export const FORMAT_FLAG = {
  kind: "text",
  aliases: ["f"],
  value: "FORMAT",
  help: "table or json",
} as const;

export function parseFormat(text = "table"): "table" | "json" {
  if (text === "table" || text === "json" || text === "") {
    return text === "json" ? "json" : "table";
  }
  throw usageError(`invalid format option: ${quote(text)}`);
}
