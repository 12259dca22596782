// cp: files into containers and out of them.

import {
  type CopyOptions,
  type CopyPlace,
  copyFiles,
  copyIn,
  copyOut,
} from "../../engine/containers/copy-files.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "../command.ts";
import { archiveInput, archiveOutput } from "../images/archive-path.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const cp = defineCommand({
  usage: [
    "[FLAGS] CONTAINER:SOURCE TARGET|-",
    "[FLAGS] SOURCE|- CONTAINER:TARGET",
    "[FLAGS] CONTAINER:SOURCE CONTAINER:TARGET",
  ],
  about: `Copies files and folders between a container, which need not run, and the host, or another container.
A folder is copied into a folder that is there; SOURCE/. stands for its content alone. "-" is a tar
archive: standard input, or standard output.`,
  notes: `Without --archive the copy belongs to the container's root, or to you. Links of a container lead nowhere
but inside it. A path of the host with a colon begins with / or ./`,
  flags: {
    archive: { kind: "switch", aliases: ["a"], help: "keep owners and all permissions" },
    "follow-link": { kind: "switch", aliases: ["L"], help: "copy what a link at SOURCE leads to" },
    overwrite: { kind: "switch", help: "a folder gives way to a file, and a file to a folder" },
    quiet: { kind: "switch", aliases: ["q"], help: "for docker's sake: there is nothing to hear" },
    ...PLACE_FLAGS,
  },
  args: { min: 2, max: 2 },
  completes: "container",
  examples: [
    "ocicat cp web:/etc/nginx ./nginx",
    "ocicat cp index.html web:/usr/share/nginx/html/",
    "ocicat cp web:/var/log - | tar -t",
  ],
  async act(flags) {
    const options = {
      ...placeOptions(flags),
      archive: flags.switch("archive"),
      followLink: flags.switch("follow-link"),
      overwrite: flags.switch("overwrite"),
    };
    const [from = "", to = ""] = flags.args;
    await copy(from, to, options);
    return 0;
  },
});

function copy(from: string, to: string, options: CopyOptions): Promise<void> {
  const source = parsePlace(from);
  const target = parsePlace(to);
  if (source.container === undefined && target.container === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "copy",
      subject: `${quote(from)} to ${quote(to)}`,
      reason: "neither is in a container",
      hint: "write CONTAINER:PATH",
    });
  }
  if (from === "-") {
    return copyIn(archiveInput(from), target, options);
  }
  if (to === "-") {
    return copyOut(source, archiveOutput(to), options);
  }
  return copyFiles(source, target, options);
}

/** Docker's rule: what begins with / or . is a path of the host, whatever follows. */
function parsePlace(text: string): CopyPlace {
  const colon = text.indexOf(":");
  if (colon <= 0 || /^[/.]/.test(text)) {
    refuseStream(text);
    return { container: undefined, path: hostPath(text) };
  }
  const path = text.slice(colon + 1);
  if (path === "") {
    throw new OcicatError("invalid-argument", {
      operation: "copy",
      subject: quote(text),
      reason: "there is no path",
      hint: `${text}/ is all that the container has`,
    });
  }
  return { container: text.slice(0, colon), path };
}

/** They lead to what is open as such: that would be replaced, or not be found. */
function refuseStream(text: string): void {
  if (/^\/dev\/(std(in|out|err)$|fd\/)/.test(text)) {
    throw new OcicatError("invalid-argument", {
      operation: "copy",
      subject: quote(text),
      reason: "it is no file of its own",
      hint: '"-" is a tar archive there: `ocicat cp web:/etc/hosts - | tar -xO`',
    });
  }
}

/** What "/" and "/." at the end say is kept. */
function hostPath(text: string): string {
  const [end = ""] = /\/\.?$/.exec(text === "." ? "./." : text) ?? [];
  const path = absolutePath(text);
  return path === "/" ? "/" : `${path}${end}`;
}
