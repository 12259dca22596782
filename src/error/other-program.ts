// A command asks for what this program does not have, and the other one has: the quick program is short of Bun. It is
// no failure: everything that was begun is given back on the way, as for an error, and then the other program
// does the whole command.

export class OtherProgramNeeded {
  /** Of a module, or in words. */
  readonly wanted: string;
  /** Executes it. */
  readonly takeOver: () => never;

  constructor(wanted: string, takeOver: () => never) {
    this.wanted = wanted;
    this.takeOver = takeOver;
  }
}
