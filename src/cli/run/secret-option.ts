// --secret NAME[,type=mount|env][,target=PLACE][,uid=N][,gid=N][,mode=OCTAL]

import type { RunSecret } from "../../engine/run-options.ts";
import { badValue } from "./bad-value.ts";
import { parseWhole } from "./values.ts";

const FOLDER = "/run/secrets";
const READABLE = 0o444;
const HIGHEST_ID = 0xffff_fffe;
const KEYS = ["type", "target", "uid", "gid", "mode"];

export function parseSecret(text: string): RunSecret {
  const [first = "", ...more] = text.split(",");
  const name = first.replace(/^(source|src|id)=/, "");
  const fields = new Map(more.map((word) => fieldOf(text, word)));
  const target = fields.get("target") ?? name;
  if (name === "" || name.includes("=") || target === "") {
    throw badValue("secret", text, "it is not of the form NAME[,target=PLACE][,mode=OCTAL]");
  }
  switch (fields.get("type") ?? "mount") {
    case "env":
      return { kind: "env", name, target: variableName(text, target, fields) };
    case "mount":
      return {
        kind: "mount",
        name,
        target: target.startsWith("/") ? target : `${FOLDER}/${target}`,
        uid: idOf(fields.get("uid")),
        gid: idOf(fields.get("gid")),
        mode: modeOf(text, fields.get("mode")),
      };
    default:
      throw badValue("secret", text, "its type is neither mount nor env");
  }
}

function fieldOf(text: string, word: string): readonly [string, string] {
  const equals = word.indexOf("=");
  const key = word.slice(0, Math.max(0, equals));
  if (!KEYS.includes(key)) {
    throw badValue("secret", text, `${word} is none of ${KEYS.join("=, ")}=`);
  }
  return [key, word.slice(equals + 1)];
}

function variableName(text: string, target: string, fields: ReadonlyMap<string, string>): string {
  const other = ["uid", "gid", "mode"].find((key) => fields.has(key));
  if (other !== undefined) {
    throw badValue("secret", text, `a variable has no ${other}`);
  }
  if (/[=\s]/.test(target)) {
    throw badValue("secret", text, "its target is not the name of a variable");
  }
  return target;
}

function idOf(value: string | undefined): number {
  return value === undefined ? 0 : parseWhole("secret", value, [0, HIGHEST_ID]);
}

function modeOf(text: string, value: string | undefined): number {
  if (value === undefined) {
    return READABLE;
  }
  if (!/^0?[0-7]{3,4}$/.test(value)) {
    throw badValue("secret", text, "its mode is not an octal number such as 0400");
  }
  return Number.parseInt(value, 8);
}
