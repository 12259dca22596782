// What an unpacked layer cannot keep of the archive, told once per reason instead of once per entry.

export class Notes {
  readonly #counts = new Map<string, number>();

  /** `reason` completes "N entries: ...". */
  add(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  sentences(): string[] {
    return [...this.#counts].map(
      ([reason, count]) => `${count} ${count === 1 ? "entry" : "entries"}: ${reason}`,
    );
  }
}
