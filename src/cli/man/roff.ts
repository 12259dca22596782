// Text for man(7), the macros of manual pages. Help is written for a terminal: its lines are filled anew,
// `commands` in it become bold, and what is indented stays as it is.

/** What roff would take for something else than itself. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "'": "\\(aq",
  "\x60": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "-": "\\-",
};

/** A part of a line. */
export function escapeRoff(text: string): string {
  return text.replaceAll(/[\\'\x60^~-]/g, (character) => SPECIAL[character] ?? character);
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fR`;
}

/** A whole line of text: a dot at its beginning is no request. */
export function textLine(line: string): string {
  return line.startsWith(".") ? `\\&${line}` : line;
}

/** Sentences, with `commands` in bold. */
export function inlineText(text: string): string {
  return text
    .split(/(\x60[^\x60\n]+\x60)/)
    .map((part) => (/^\x60.+\x60$/.test(part) ? bold(part.slice(1, -1)) : escapeRoff(part)))
    .join("");
}

/** Paragraphs, which empty lines separate; indented ones as they are. */
export function paragraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((part) => (/^ {2}/.test(part) ? example(part.split("\n")) : filled(part)))
    .join("");
}

function filled(paragraph: string): string {
  const lines = paragraph.split("\n").map((line) => `${textLine(inlineText(line.trim()))}\n`);
  return `.PP\n${lines.join("")}`;
}

/** Lines that stay as they are, one letter as wide as the other. */
export function example(lines: readonly string[]): string {
  const kept = lines.map((line) => `${textLine(escapeRoff(line))}\n`).join("");
  return `.PP\n.RS 4\n.nf\n${kept}.fi\n.RE\n`;
}

export function section(title: string, content: string): string {
  // The first paragraph of a section has no request of its own.
  return content === "" ? "" : `.SH ${title}\n${content.replace(/^\.PP\n(?!\.RS)/, "")}`;
}

/** A term, and what is to be said of it, indented below. */
export function term(head: string, content: string): string {
  return `.TP\n${head}\n${textLine(content)}\n`;
}

export interface PageTitle {
  /** "ocicat-run" */
  readonly name: string;
  readonly section: 1 | 5;
  readonly summary: string;
  readonly version: string;
}

/** The title, and what whatis(1) finds. There is no date: the same sources make the same pages. */
export function pageHead({ name, section: number, summary, version }: PageTitle): string {
  const title = `.TH ${escapeRoff(name.toUpperCase())} ${number} "" "ocicat ${version}" "ocicat"\n`;
  return title + section("NAME", `${escapeRoff(name)} \\- ${escapeRoff(summary)}\n`);
}
