// podman and docker have one command line; this drives either.

import { join } from "node:path";
import { type CommandOptions, type CommandResult, must, run } from "../../tools/peers/command.ts";
import { BUSYBOX_IMAGE } from "../../tools/peers/images.ts";
import { TerminalSession } from "./terminal.ts";

export type EngineSettings = {
  /** The program and its flags, up to the verb. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What each new container needs on any machine: no network of the client's making. */
  readonly runFlags: readonly string[];
  /**
   * Where the tests put files that containers see. Clients run there too: conmon makes a file "oom" in
   * its working directory.
   */
  readonly folder: string;
  /** Removes a container at once, running or not, with its volumes. */
  readonly removeCommand: readonly string[];
  /** Exit codes of an `exec` whose program is missing, or cannot be executed. */
  readonly execCodes: { readonly missing: number; readonly notExecutable: number };
};

export class Engine {
  readonly settings: EngineSettings;
  #count = 0;

  constructor(settings: EngineSettings) {
    this.settings = settings;
  }

  /** Calls the client and takes whatever comes of it. */
  call(verb: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { command, environment, folder } = this.settings;
    return run([...command, ...verb], { environment, folder, ...options });
  }

  /** Calls the client, which has to succeed; returns its standard output without the last newline. */
  async must(verb: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { command, environment, folder } = this.settings;
    const output = await must([...command, ...verb], { environment, folder, ...options });
    return output.replace(/\n$/, "");
  }

  /** `run --rm` in the foreground, in the busybox image unless told otherwise. */
  run(
    command: readonly string[],
    flags: readonly string[] = [],
    options: CommandOptions & { readonly image?: string } = {},
  ): Promise<CommandResult> {
    const image = options.image ?? BUSYBOX_IMAGE;
    return this.call(
      ["run", "--rm", ...this.settings.runFlags, ...flags, image, ...command],
      options,
    );
  }

  /** As `run`, for commands that have to succeed; returns standard output, trimmed. */
  async output(command: readonly string[], flags: readonly string[] = []): Promise<string> {
    const result = await this.run(command, flags);
    if (result.code !== 0) {
      throw new Error(`exit status ${result.code}: ${result.stderr}`);
    }
    return result.stdout.trim();
  }

  /** `run --detach`; removed at the end of the scope. */
  async start(command: readonly string[], flags: readonly string[] = []): Promise<Container> {
    const name = this.#newName();
    const named = ["run", "--detach", "--name", name, ...this.settings.runFlags];
    await this.must([...named, ...flags, BUSYBOX_IMAGE, ...command]);
    return new Container(this, name);
  }

  /** A name for a container that the test makes itself; removed at the end of the scope. */
  newContainer(): Container {
    return new Container(this, this.#newName());
  }

  #newName(): string {
    this.#count += 1;
    return `peer${this.#count}`;
  }

  terminal(verb: readonly string[]): TerminalSession {
    return new TerminalSession([...this.settings.command, ...verb], this.settings.environment);
  }

  path(name: string): string {
    return join(this.settings.folder, name);
  }
}

export class Container implements AsyncDisposable {
  readonly name: string;
  readonly #engine: Engine;

  constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.name = name;
  }

  exec(
    command: readonly string[],
    flags: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    return this.#engine.call(["exec", ...flags, this.name, ...command], options);
  }

  /** A field of `inspect`, by Go template: "State.Status". */
  inspect(field: string): Promise<string> {
    return this.#engine.must(["inspect", "--format", `{{.${field}}}`, this.name]);
  }

  /** Standard output and standard error of the container so far. */
  logs(): Promise<CommandResult> {
    return this.#engine.call(["logs", this.name]);
  }

  /** Waits for its end; returns the exit status. */
  async wait(): Promise<number> {
    return Number(await this.#engine.must(["wait", this.name]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.call([...this.#engine.settings.removeCommand, this.name]);
  }
}
