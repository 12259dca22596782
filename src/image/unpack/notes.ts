// What an unpacked layer cannot keep of the archive, told once per reason instead of once per entry.

/** An archive chooses the names in reasons, and how many there are. */
const MOST_REASONS = 50;
const LONGEST_REASON = 300;
const OTHERS = "further reasons, not listed";

export class Notes {
  readonly #counts = new Map<string, number>();

  /** `reason` completes "N entries: ...". */
  add(reason: string): void {
    const short = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}...` : reason;
    const isListed = this.#counts.has(short) || this.#counts.size < MOST_REASONS;
    const key = isListed ? short : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  sentences(): string[] {
    return [...this.#counts].map(
      ([reason, count]) => `${count} ${count === 1 ? "entry" : "entries"}: ${reason}`,
    );
  }
}
