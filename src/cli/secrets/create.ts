// secret create: makes a secret and prints its ID.

import { createSecret } from "../../engine/secrets/secret-operations.ts";
import { SECRET_BYTES_LIMIT } from "../../engine/secrets/secret-store.ts";
import { readAll, readFile } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";
import { parseLabels } from "../run/keeping.ts";
import { writeOutput } from "../write-text.ts";

const STDIN = 0;
/** One more than there may be, so that too long a value is told from one that just fits. */
const READ_LIMIT = SECRET_BYTES_LIMIT + 1;

const ONE_DRIVER = { reason: "a secret is a file of the store, as it was given" };

export const create = defineCommand({
  usage: ["[FLAGS] NAME FILE|-", "[FLAGS] --env NAME VARIABLE"],
  about: `Makes a secret of what is in a file, comes by standard input, or is in a variable, and prints its ID.

It is kept in the store, readable for its owner alone; \`ocicat run --secret NAME\` gives it to a container.`,
  flags: {
    env: { kind: "switch", help: "take the value of a variable" },
    replace: { kind: "switch", help: "one of this name gets the new value" },
    label: { kind: "list", aliases: ["l"], value: "KEY=VALUE", help: "a label" },
    driver: { kind: "text", aliases: ["d"], value: "file", help: "for podman's sake" },
    ...PLACE_FLAGS,
  },
  refused: () => Promise.resolve({ "driver-opts": ONE_DRIVER, "template-driver": ONE_DRIVER }),
  args: { min: 2, max: 2 },
  examples: ["ocicat secret create db-password ./password", "pass db | ocicat secret create db -"],
  async act(flags) {
    const [name = "", source = ""] = flags.args;
    const driver = flags.text("driver") ?? "file";
    if (driver !== "file") {
      throw badValue("driver", driver, "there is no driver but file");
    }
    const secret = {
      name,
      value: flags.switch("env") ? variable(source) : content(source),
      labels: parseLabels(flags.list("label")),
      replaces: flags.switch("replace"),
    };
    writeOutput(`${(await createSecret(secret, placeOptions(flags))).id}\n`);
    return 0;
  },
});

function content(source: string): Uint8Array {
  return source === "-"
    ? readAll(STDIN, "standard input", READ_LIMIT)
    : readFile(source, READ_LIMIT);
}

function variable(name: string): Uint8Array {
  const value = process.env[name];
  if (value === undefined) {
    throw badValue("env", name, "there is no such variable");
  }
  return encodeText(value);
}
