// Reads the JUnit report that `bun test --reporter=junit` writes: as much of it as tells the outcome
// of each test.
//
//   <testcase name="N" classname="GROUPS" ... assertions="1" />
//   <testcase ... assertions="0"><skipped /></testcase>
//   <testcase ...><failure type="T" message="M">...</failure></testcase>

export type Outcome = "passed" | "failed" | "skipped" | "asserts-nothing";

export interface TestCase {
  readonly name: string;
  readonly outcome: Outcome;
}

const TEST_CASE = /<testcase((?:\s+[\w-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const ATTRIBUTE = /([\w-]+)="([^"]*)"/g;

export function parseJunit(report: string): TestCase[] {
  return [...report.matchAll(TEST_CASE)].map((match) => {
    const attributes = parseAttributes(match[1] ?? "");
    return { name: fullName(attributes), outcome: outcomeOf(attributes, match[2] ?? "") };
  });
}

function parseAttributes(text: string): Map<string, string> {
  const entries = [...text.matchAll(ATTRIBUTE)];
  return new Map(entries.map((match) => [match[1] ?? "", unescapeXml(match[2] ?? "")]));
}

function fullName(attributes: Map<string, string>): string {
  const group = attributes.get("classname") ?? "";
  const name = attributes.get("name") ?? "";
  return group === "" ? name : `${group} > ${name}`;
}

function outcomeOf(attributes: Map<string, string>, body: string): Outcome {
  if (body.includes("<failure") || body.includes("<error")) {
    return "failed";
  }
  if (body.includes("<skipped")) {
    return "skipped";
  }
  return Number(attributes.get("assertions") ?? 0) === 0 ? "asserts-nothing" : "passed";
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&#10;": " ",
  "&amp;": "&",
};

function unescapeXml(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|#10|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}
