// logout: forgets the password of a registry.

import { logoutOfAll, logoutOfRegistry } from "../../engine/images/registry-login.ts";
import { defineCommand } from "../command.ts";
import { writeOutput } from "../write-text.ts";
import { imageOptions } from "./image-flags.ts";
import { authFile, REGISTRY_FLAGS } from "./registry-flags.ts";

export const logout = defineCommand({
  usage: ["[FLAGS] [REGISTRY[/REPOSITORY]]"],
  about: "Forgets the password of a registry, wherever it is kept.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "those of all registries" },
    authfile: REGISTRY_FLAGS.authfile,
  },
  args: { min: 0, max: 1 },
  examples: ["ocicat logout registry.example", "ocicat logout --all"],
  async act(flags) {
    const options = { ...imageOptions(undefined), authFile: authFile(flags.text("authfile")) };
    const places = flags.switch("all")
      ? await logoutOfAll(options)
      : await logoutOfRegistry(flags.args[0], options);
    for (const place of places) {
      const where = place.kind === "file" ? place.path : `the helper ${place.name}`;
      writeOutput(`Removed from ${where}\n`);
    }
    return 0;
  },
});
