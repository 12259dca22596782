import { describe, expect, test } from "bun:test";
import type { FlagTable } from "./flags.ts";
import { parseCommandLine } from "./parse-command-line.ts";

const TABLE = {
  interactive: { kind: "switch", aliases: ["i"], help: "" },
  tty: { kind: "switch", aliases: ["t"], help: "" },
  rm: { kind: "switch", help: "" },
  name: { kind: "text", value: "NAME", help: "" },
  env: { kind: "list", aliases: ["e"], value: "NAME[=VALUE]", help: "" },
  workdir: { kind: "text", aliases: ["w"], value: "DIR", help: "" },
  user: { kind: "text", aliases: ["u"], value: "USER", help: "" },
  hostname: { kind: "text", aliases: ["h"], value: "NAME", help: "" },
  memory: { kind: "text", aliases: ["m"], value: "SIZE", help: "" },
  network: { kind: "text", aliases: ["net"], value: "NAME", help: "" },
} as const satisfies FlagTable;

type Name = keyof typeof TABLE;

const isName = (name: string): name is Name => Object.hasOwn(TABLE, name);

function parse(line: string, placement: "first" | "anywhere" = "first"): unknown {
  const words = line === "" ? [] : line.split(" ");
  const parsed = parseCommandLine({ command: "ocicat run", flags: TABLE, placement }, words);
  if (parsed === undefined) {
    return "help";
  }
  const given = Object.keys(TABLE)
    .filter(isName)
    .filter((name) => parsed.isSet(name));
  // All values of any flag: lists are kept in the same way as the others.
  const all = (name: Name) => parsed.list(name === "env" ? name : (name as "env"));
  return [Object.fromEntries(given.map((name) => [name, all(name)])), parsed.args];
}

describe("words", () => {
  test.each<[string, Record<string, string[]>, string[]]>([
    ["", {}, []],
    ["hello", {}, ["hello"]],
    ["-it image sh -c x", { interactive: ["true"], tty: ["true"] }, ["image", "sh", "-c", "x"]],
    ["--rm=false --rm image", { rm: ["false", "true"] }, ["image"]],
    ["--rm=0 --tty=T image", { rm: ["false"], tty: ["true"] }, ["image"]],
    ["-i=false -t=1 image", { interactive: ["false"], tty: ["true"] }, ["image"]],
    ["-it=false image", { interactive: ["true"], tty: ["false"] }, ["image"]],
    ["-e A=1 --env B=2 --env=C= image", { env: ["A=1", "B=2", "C="] }, ["image"]],
    ["-m512m -u=1 image", { memory: ["512m"], user: ["1"] }, ["image"]],
    ["-itw /x image", { interactive: ["true"], tty: ["true"], workdir: ["/x"] }, ["image"]],
    ["--rm -- -image", { rm: ["true"] }, ["-image"]],
    ["--net host -", { network: ["host"] }, ["-"]],
    ["-e -x image", { env: ["-x"] }, ["image"]],
    ["image --help", {}, ["image", "--help"]],
  ])("%s", (line, values, words) => {
    expect(parse(line)).toEqual([values, words]);
  });

  test("flags may stand behind arguments, where those have none of their own", () => {
    expect(parse("image --rm -e A=1 other", "anywhere")).toEqual([
      { rm: ["true"], env: ["A=1"] },
      ["image", "other"],
    ]);
    expect(parse("a -- --rm", "anywhere")).toEqual([{}, ["a", "--rm"]]);
  });

  test.each(["--help", "-it --help --nosuch", "-h box --help", "-e A --help image"])(
    "%s asks for help",
    (line) => {
      expect(parse(line)).toBe("help");
    },
  );

  test("-h asks for help where it is no flag", () => {
    const flags = { all: { kind: "switch", aliases: ["a"], help: "" } } as const;
    const line = { command: "ocicat images", flags, placement: "anywhere" } as const;
    expect(parseCommandLine(line, ["-a", "x", "-h"])).toBeUndefined();
  });
});

describe("mistakes", () => {
  test.each<[string, string, string | undefined]>([
    ["--memroy 1", 'use "--memroy": there is no such flag', "did you mean --memory?"],
    ["--work-dir /", 'use "--work-dir": there is no such flag', "did you mean --workdir?"],
    ["--hlep", 'use "--hlep": there is no such flag', "did you mean --help?"],
    ["--detach x", 'use "--detach": there is no such flag', "`ocicat run --help` lists them"],
    ["-x image", 'use "-x": there is no such flag', undefined],
    ["-ix image", 'use "-x": there is no such flag', undefined],
    ["-rm image", 'use "-r": there is no such flag', "did you mean --rm?"],
    ["--it image", 'use "--it": there is no such flag', "did you mean -it?"],
    ["--e A=1", 'use "--e": there is no such flag', undefined],
    ["--rm=yes image", "use --rm=yes: it is true or false", undefined],
    ["-i=yes image", "use -i=yes: it is true or false", undefined],
    ["--name", "use --name: it needs a value: --name NAME", undefined],
    ["-it -m", "use -m: it needs a value: -m SIZE", undefined],
    ["-h", "use -h: it needs a value: -h NAME", "-h is the host name"],
  ])("%s", (line, message, hint) => {
    const attempt = () => parse(line);
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      const found = error instanceof Error && "hint" in error ? String(error.hint) : "";
      expect(found).toContain(hint ?? "");
    }
  });
});

test("a flag that can't be had says why, by its name and by its letter", () => {
  const refused = { publish: { reason: "no ports" }, p: { reason: "no ports", hint: "go" } };
  const line = { command: "run", flags: { it: { kind: "switch", help: "" } }, refused } as const;
  const parse = (word: string) => parseCommandLine({ ...line, placement: "first" }, [word]);
  expect(() => parse("--publish=80")).toThrow("use --publish: no ports");
  expect(() => parse("-p80")).toThrow("use -p: no ports");
  expect(() => parse("--other")).toThrow("there is no such flag");
});
