// Kubernetes' lifecycle hooks among a container's options.

export type HookName = "postStart" | "preStop";

/**
 * ["CMD", PROGRAM, ARGUMENT...] is executed in the container, ["SLEEP", SECONDS] only takes its time, and the others
 * ask a port, as port-probe.ts has them.
 */
export type LifecycleHook = readonly [kind: string, ...words: string[]];

/** postStart: right after each start, which waits for it. preStop: before the signal of each stop, in its time. */
export type RunLifecycle = Readonly<Partial<Record<HookName, LifecycleHook>>>;

/** As inspect shows them; undefined: there are none. */
export function lifecycleDocument({
  lifecycle: { postStart, preStop } = {},
}: {
  readonly lifecycle?: RunLifecycle;
}): Readonly<Record<string, unknown>> | undefined {
  return (postStart ?? preStop) === undefined
    ? undefined
    : { PostStart: postStart ?? [], PreStop: preStop ?? [] };
}
