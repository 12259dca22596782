import { describe, expect, test } from "bun:test";
import { parseWords } from "./parse.ts";

function parse(line: string): [Record<string, readonly string[]>, readonly string[]] {
  const { values, words } = parseWords(line === "" ? [] : line.split(" "));
  return [Object.fromEntries(values), words];
}

describe("words", () => {
  test.each<[string, Record<string, string[]>, string[]]>([
    ["", {}, []],
    ["hello", {}, ["hello"]],
    ["-it image sh -c x", { interactive: ["true"], tty: ["true"] }, ["image", "sh", "-c", "x"]],
    ["--rm=false --rm image", { rm: ["false", "true"] }, ["image"]],
    ["-e A=1 --env B=2 --env=C= image", { env: ["A=1", "B=2", "C="] }, ["image"]],
    ["-m512m -u=1 image", { memory: ["512m"], user: ["1"] }, ["image"]],
    ["-itw /x image", { interactive: ["true"], tty: ["true"], workdir: ["/x"] }, ["image"]],
    ["--rm -- -image", { rm: ["true"] }, ["-image"]],
    ["--net host -", { network: ["host"] }, ["-"]],
    ["-h box --help", { hostname: ["box"], help: ["true"] }, []],
    ["-e -x image", { env: ["-x"] }, ["image"]],
  ])("%s", (line, values, words) => {
    expect(parse(line)).toEqual([values, words]);
  });
});

describe("mistakes", () => {
  test.each<[string, string, string | undefined]>([
    ["--memroy 1", 'use "--memroy": there is no such flag', "did you mean --memory?"],
    ["--work-dir /", 'use "--work-dir": there is no such flag', "did you mean --workdir?"],
    ["--detach x", 'use "--detach": there is no such flag', undefined],
    ["-x image", 'use "-x": there is no such flag', undefined],
    ["-ix image", 'use "-x": there is no such flag', undefined],
    ["-rm image", 'use "-r": there is no such flag', "did you mean --rm?"],
    ["--rm=yes image", "use --rm=yes: it is true or false", undefined],
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
