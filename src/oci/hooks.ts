// `hooks` of config.json. Source: config.md, section "POSIX-platform Hooks".

export interface Hooks {
  /** Deprecated by the specification, still called: before `createRuntime`. */
  readonly prestart?: readonly Hook[];
  readonly createRuntime?: readonly Hook[];
  readonly createContainer?: readonly Hook[];
  readonly startContainer?: readonly Hook[];
  readonly poststart?: readonly Hook[];
  readonly poststop?: readonly Hook[];
}

/** The kinds of hooks in the order in which a container's life calls them. */
export const HOOK_NAMES = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const satisfies readonly (keyof Hooks)[];
export type HookName = (typeof HOOK_NAMES)[number];

export interface Hook {
  /** Absolute: in the runtime's mount namespace, for startContainer in the container's. */
  readonly path: string;
  /** With the program's name first, as execv(3) has it. */
  readonly args?: readonly string[];
  /** The whole environment. */
  readonly env?: readonly string[];
  /** Seconds, greater than zero. */
  readonly timeout?: number;
}
