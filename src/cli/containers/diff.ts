// diff: what a container has changed in the files of its image.

import { diffContainer } from "../../engine/containers/diff-container.ts";
import { isTerminal } from "../../sys/terminal.ts";
import { defineCommand } from "../command.ts";
import { badValue } from "../run/bad-value.ts";
import { printable } from "../terminal/printable.ts";
import { writeOutput, writeOutputBytes } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, onlyContainer } from "./latest.ts";

type Change = Parameters<Parameters<typeof diffContainer>[2]>[0];

const STDOUT = 1;
const LETTERS = { added: "A", changed: "C", deleted: "D" } as const;

export const diff = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: `Shows what a container has changed in the files of its image, one path a line: A added, C changed,
D deleted. What is mounted in it is left out.`,
  flags: {
    format: { kind: "text", value: "json", help: "one object with three lists of paths" },
    ...LATEST_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1, unless: isLatest },
  completes: "container",
  examples: ["ocicat diff web"],
  async act(flags) {
    const print = printerOf(flags.text("format"));
    await diffContainer(await onlyContainer(flags), placeOptions(flags), print.show);
    print.end();
    return 0;
  },
});

interface ChangePrinter {
  readonly show: (change: Change) => void;
  readonly end: () => void;
}

function printerOf(format: string | undefined): ChangePrinter {
  if (format === undefined) {
    return { show: isTerminal(STDOUT) ? showToPerson : showExactly, end: () => undefined };
  }
  if (format !== "json") {
    throw badValue("format", format, "it is not json");
  }
  return jsonPrinter();
}

/** Names need not be UTF-8. */
function showExactly({ kind, path }: Change): void {
  writeOutputBytes(Buffer.from(`${LETTERS[kind]} /${path}\n`, "latin1"));
}

/** The container has chosen the names: a terminal is not to obey them. */
function showToPerson({ kind, path }: Change): void {
  const name = Buffer.from(path, "latin1").toString().replaceAll("\n", "\\n");
  writeOutput(`${LETTERS[kind]} /${printable(name)}\n`);
}

/** Podman's: {"changed": [...], "added": [...], "deleted": [...]}, each only where there is something. */
function jsonPrinter(): ChangePrinter {
  const changes: Change[] = [];
  const pathOf = ({ path }: Change) => `/${Buffer.from(path, "latin1").toString()}`;
  return {
    show: (change) => {
      changes.push(change);
    },
    end: () => {
      const kinds = [...Map.groupBy(changes, ({ kind }) => kind)];
      const lists = Object.fromEntries(kinds.map(([kind, found]) => [kind, found.map(pathOf)]));
      writeOutput(`${JSON.stringify(lists)}\n`);
    },
  };
}
