// Lines at the bottom of a terminal that are drawn over again and again, and lines that stay above them.
//
// The cursor is hidden only within the one write that draws, so that nothing has to be restored however
// the program ends.

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_BELOW = "\x1b[J";

export class ScreenRegion {
  readonly #write: (text: string) => void;
  #drawn: readonly string[] = [];
  #columns = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Draws `lines` in place of those that were drawn, unless they are the same. `columns`: as wide as the terminal is now. */
  draw(lines: readonly string[], columns: number): void {
    const isSame =
      columns === this.#columns &&
      lines.length === this.#drawn.length &&
      lines.every((line, index) => line === this.#drawn[index]);
    if (!isSame) {
      this.#replace("", lines, columns);
    }
  }

  /** Writes text that stays, above the drawn lines. */
  print(text: string, columns: number): void {
    this.#replace(text, this.#drawn, columns);
  }

  /** What was drawn stays: after the program was stopped, others have written below it. */
  forget(): void {
    this.#drawn = [];
  }

  #replace(text: string, lines: readonly string[], columns: number): void {
    const body = lines.map((line) => `${line}\n`).join("");
    const back = this.#back(columns);
    this.#write(`${HIDE_CURSOR}${back}${text}${body}${SHOW_CURSOR}`);
    this.#drawn = lines;
    this.#columns = columns;
  }

  /** To where the drawn lines begin. A terminal that became narrower has broken them. */
  #back(columns: number): string {
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(Math.ceil(Bun.stringWidth(line) / columns), 1),
      0,
    );
    return rows === 0 ? "" : `\r\x1b[${rows}A${CLEAR_BELOW}`;
  }
}
