// Drives a program at a terminal of its own, as a person would.

import { eventually } from "./conditions.ts";

export class TerminalSession {
  readonly #child: Bun.Subprocess;
  #output = "";

  constructor(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const decoder = new TextDecoder();
    this.#child = Bun.spawn([...command], {
      env: { ...process.env, TERM: "xterm", ...environment },
      terminal: {
        cols: 90,
        rows: 33,
        data: (_terminal, data) => {
          this.#output += decoder.decode(data, { stream: true });
        },
      },
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until the terminal has shown the text. */
  async shows(text: string): Promise<void> {
    try {
      await eventually(`"${text}" at the terminal`, () => this.#output.includes(text));
    } catch (error) {
      throw new Error(`the terminal shows ${JSON.stringify(this.#output)}`, { cause: error });
    }
  }

  /**
   * Asks the shell inside for its terminal's size until it says "ROWS COLUMNS". Peers hand the size
   * on once the program runs, so its first answers may tell of no size, or of the one before.
   */
  async showsSize(size: string): Promise<void> {
    await eventually(`the size ${size} inside`, async () => {
      this.type("stty size\n");
      await Bun.sleep(100);
      return this.#output.includes(size);
    });
  }

  type(text: string): void {
    this.#child.terminal?.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#child.terminal?.resize(columns, rows);
  }

  /** Waits for the program's end; returns its exit status. */
  async ended(): Promise<number> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    const status = await this.#child.exited;
    clearTimeout(timer);
    return status;
  }
}
