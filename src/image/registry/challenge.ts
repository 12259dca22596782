// The header WWW-Authenticate: how a registry wants to be told who asks. Sources: RFC 9110 section 11.6.1,
// RFC 6750 section 3, Docker's "Token Authentication Specification".
//
//   Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull", Basic realm="x"
//
// Several headers arrive joined by commas, and commas also part parameters: a name followed by "=" is
// a parameter, any other one begins a challenge.

export interface Challenge {
  /** In lower case: "bearer", "basic". */
  readonly scheme: string;
  /** Names in lower case; the first of a repeated one counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const CHALLENGE_LENGTH_MAX = 16 * 1024;
const NAME = /[!#$%&\x27*+.^\x60|~\w-]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const BARE = /[^\s,"]+/y;
/** Base64 behind a scheme, in place of parameters; "=" ends it. */
const TOKEN68 = /[ \t]+[\w.~+/-]+=*[ \t]*(?=,|$)/y;
const SEPARATORS = /[\s,]+/y;

/** What can be understood of the header; nothing of one that is absurdly long. */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > CHALLENGE_LENGTH_MAX) {
    return [];
  }
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const text = new Cursor(header);
  for (;;) {
    text.take(SEPARATORS);
    const name = text.take(NAME)?.[0]?.toLowerCase();
    if (name === undefined) {
      return challenges;
    }
    const last = challenges.at(-1);
    if (last !== undefined && text.take(EQUALS) !== undefined) {
      const value = takeValue(text);
      if (value !== undefined && !last.parameters.has(name)) {
        last.parameters.set(name, value);
      }
    } else {
      challenges.push({ scheme: name, parameters: new Map() });
      text.take(TOKEN68);
    }
  }
}

function takeValue(text: Cursor): string | undefined {
  const quoted = text.take(QUOTED)?.[1];
  return quoted === undefined ? text.take(BARE)?.[0] : quoted.replaceAll(/\\(.)/gs, "$1");
}

class Cursor {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves on if the sticky `pattern` matches here. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) {
      return undefined;
    }
    this.#position = pattern.lastIndex;
    return match;
  }
}
