// commit: an image of a container as it is now.

import { commitContainer } from "../../engine/containers/commit-container.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "../command.ts";
import { writeIdFile } from "../images/id-file.ts";
import { WORK_FLAGS, withProgress } from "../images/image-work.ts";
import { workFailureCode } from "../interruptible.ts";
import { badValue } from "../run/bad-value.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS } from "./container-flags.ts";

export const commit = defineCommand({
  usage: ["[FLAGS] CONTAINER [NAME[:TAG]]"],
  about: `Makes an image of a container: what it has written becomes a layer on those of its image. What is
mounted in it is no part of it. Prints the ID.`,
  flags: {
    author: { kind: "text", aliases: ["a"], value: "NAME", help: "who made it" },
    change: {
      kind: "list",
      aliases: ["c"],
      value: "INSTRUCTION",
      help: "of a Dockerfile: 'CMD [\"sh\"]', 'ENV A=1', ...",
    },
    format: {
      kind: "text",
      aliases: ["f"],
      value: "oci",
      help: "of the documents; `ocicat convert` makes others",
    },
    iidfile: { kind: "text", value: "FILE", help: "write the image's ID to it" },
    message: { kind: "text", aliases: ["m"], value: "TEXT", help: "for the image's history" },
    pause: {
      kind: "switch",
      aliases: ["p"],
      help: "let the container stand still meanwhile; --pause=false for not",
    },
    squash: {
      kind: "switch",
      aliases: ["s"],
      help: "one layer with all files, in place of those of the image",
    },
    "include-volumes": {
      kind: "switch",
      help: "containers of the image get volumes where this one has volumes and folders",
    },
    root: PLACE_FLAGS.root,
    ...WORK_FLAGS,
  },
  args: { min: 1, max: 2 },
  completes: "container",
  examples: [
    "ocicat commit web web:patched",
    "ocicat commit -m 'with curl' -c 'CMD [\"/bin/sh\"]' build tools:2",
  ],
  async act(flags) {
    const [word = "", name] = flags.args;
    const format = flags.text("format") ?? "oci";
    if (format !== "oci") {
      const hint = "`ocicat convert --format docker IMAGE NAME` makes one of docker's";
      throw badValue("format", format, "an image is made with documents of OCI", hint);
    }
    const root = flags.text("root");
    const request = {
      ...(root === undefined ? {} : { stateRoot: absolutePath(root) }),
      name,
      changes: flags.list("change"),
      message: flags.text("message"),
      author: flags.text("author"),
      pause: pauseOf(flags),
      squash: flags.switch("squash"),
      includeVolumes: flags.switch("include-volumes"),
    };
    const { imageId, descriptor } = await withProgress(
      flags,
      (work) => commitContainer(word, { ...work, ...request }),
      "file",
    );
    const id = imageId ?? descriptor.digest;
    writeIdFile(flags.text("iidfile"), id);
    writeOutput(`${id}\n`);
    return 0;
  },
  failureCode: workFailureCode,
});

/** A container that can't be paused is no reason to refuse, unless that was asked for. */
function pauseOf(flags: PauseFlags): "always" | "if-possible" | "never" {
  if (!flags.isSet("pause")) {
    return "if-possible";
  }
  return flags.switch("pause") ? "always" : "never";
}

interface PauseFlags {
  isSet(name: "pause"): boolean;
  switch(name: "pause"): boolean;
}
