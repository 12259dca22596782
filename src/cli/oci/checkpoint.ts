// `checkpoint` and `restore` are not supported. Podman and CRI-O ask by `checkpoint --help` whether they
// are: so even that fails.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Command } from "./command.ts";

function defineRefusal(name: string): Command {
  return {
    name,
    usage: "ID",
    flags: {},
    offersHelp: false,
    execute() {
      throw new OcicatError("unsupported", {
        operation: name,
        subject: "a container",
        reason: "this runtime does not support checkpointing",
      });
    },
  };
}

export const checkpoint = defineRefusal("checkpoint");
export const restore = defineRefusal("restore");
