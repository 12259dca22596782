// Words of a Dockerfile's instruction, as Docker reads those of ENV, LABEL, EXPOSE, VOLUME and others: split
// at spaces outside of quotes, without the quotes and with variables replaced. Source: Docker's
// frontend/dockerfile/parser parseWords and shell/lex.go, without the operators in ${...}.

/** The value of a variable; undefined: it is not set. */
export type Lookup = (name: string) => string | undefined;

const NAME = /^(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/;

interface Reading {
  readonly text: string;
  at: number;
  word: string;
}

/** Throws a text that says what is wrong. */
export function splitWords(text: string, lookup: Lookup): readonly string[] {
  const words: string[] = [];
  const reading: Reading = { text, at: 0, word: "" };
  for (;;) {
    while (isSpace(text[reading.at])) {
      reading.at += 1;
    }
    if (reading.at >= text.length) {
      return words;
    }
    words.push(readWord(reading, lookup));
  }
}

/** The whole text as one word: spaces are part of it. */
export function expandText(text: string, lookup: Lookup): string {
  const reading: Reading = { text, at: 0, word: "" };
  while (reading.at < text.length) {
    takeOne(reading, lookup);
  }
  return reading.word;
}

function readWord(reading: Reading, lookup: Lookup): string {
  reading.word = "";
  while (reading.at < reading.text.length && !isSpace(reading.text[reading.at])) {
    takeOne(reading, lookup);
  }
  return reading.word;
}

/** One character, or all that is quoted. */
function takeOne(reading: Reading, lookup: Lookup): void {
  const character = reading.text[reading.at] ?? "";
  reading.at += 1;
  switch (character) {
    case "'":
      takeSingleQuoted(reading);
      break;
    case '"':
      takeDoubleQuoted(reading, lookup);
      break;
    case "\\":
      reading.word += reading.text[reading.at] ?? "";
      reading.at += 1;
      break;
    case "$":
      takeVariable(reading, lookup);
      break;
    default:
      reading.word += character;
  }
}

function takeSingleQuoted(reading: Reading): void {
  const end = reading.text.indexOf("'", reading.at);
  if (end < 0) {
    throw new UnfinishedQuote("'");
  }
  reading.word += reading.text.slice(reading.at, end);
  reading.at = end + 1;
}

function takeDoubleQuoted(reading: Reading, lookup: Lookup): void {
  for (;;) {
    const character = reading.text[reading.at];
    const next = reading.text[reading.at + 1] ?? "";
    reading.at += 1;
    if (character === undefined) {
      throw new UnfinishedQuote('"');
    }
    if (character === '"') {
      return;
    }
    if (character === "$") {
      takeVariable(reading, lookup);
    } else if (character === "\\" && '"$\\'.includes(next)) {
      reading.word += next;
      reading.at += 1;
    } else {
      reading.word += character;
    }
  }
}

/** Behind the "$". One that no name follows stands for itself. */
function takeVariable(reading: Reading, lookup: Lookup): void {
  const match = NAME.exec(reading.text.slice(reading.at));
  if (match === null) {
    reading.word += "$";
    return;
  }
  reading.at += match[0].length;
  reading.word += lookup(match[1] ?? match[2] ?? "") ?? "";
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}

export class UnfinishedQuote extends Error {
  constructor(quote: string) {
    super(`a ${quote} has no end`);
  }
}
