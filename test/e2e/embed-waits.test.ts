// A program that embeds the engine waits for containers in its event loop: what else it does goes on, and
// it can wait for several things at once.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  attachToContainer,
  execInContainer,
  readContainerLog,
  waitForCondition,
  waitForContainer,
} from "../../src/api/engine.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const TICKS = 5;

/** Containers that are not let go end by themselves, with another code: a wait that blocks fails. */
const SCRIPT = `echo begun
for i in $(seq 1000); do
  if test -e /shared/go; then echo seen; exit 7; fi
  sleep 0.02
done
exit 1`;

/** Fulfilled when a timer has come so often. */
function ticks(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const timer = setInterval(() => {
    left -= 1;
    if (left === 0) {
      clearInterval(timer);
      resolve();
    }
  }, 1);
  return promise;
}

describe.skipIf(NEEDS_ROOT)("as root: waiting in the event loop", () => {
  const place = new ContainerPlace();
  const options = () => ({ storeRoot: place.store, stateRoot: place.state });
  const shared = () => place.makeFolder("shared");
  const go = () => join(place.folder, "shared/go");
  const start = (name: string) => place.detach(name, SCRIPT, "-v", `${shared()}:/shared`);
  afterEach(async () => {
    place.clear();
    rmSync(go(), { force: true });
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  /** What comes of `waits` when the containers are let go by a timer's doing. */
  async function whenLetGo<Result>(waits: readonly Promise<Result>[]): Promise<readonly Result[]> {
    await ticks(TICKS);
    writeFileSync(go(), "");
    return await Promise.all(waits);
  }

  test("for the end of containers, several at a time", async () => {
    start("one");
    start("two");
    const waits = ["one", "two", "one"].map((name) => waitForContainer(name, options()));
    expect(await whenLetGo(waits)).toEqual([7, 7, 7]);
  });

  test("for what they become", async () => {
    start("one");
    start("two");
    const waits = ["one", "two"].map((name) => waitForCondition(name, ["exited"], options()));
    expect(await whenLetGo(waits)).toEqual([7, 7]);
  });

  test("for what it is attached to, and for what it executes", async () => {
    const silent = SCRIPT.replaceAll(/echo \w+/g, "true");
    place.detach("attached", silent, "-v", `${shared()}:/shared`);
    const attached = attachToContainer("attached", { ...options(), noStdin: true });
    expect(await whenLetGo([attached])).toEqual([{ kind: "exited", code: 7 }]);
    rmSync(go());
    place.detach("stays", "sleep 1000", "-v", `${shared()}:/shared`);
    const request = { command: ["sh", "-c", silent], env: [], terminal: false, interactive: false };
    expect(await whenLetGo([execInContainer("stays", { ...options(), ...request })])).toEqual([7]);
  });

  test("for more of their logs", async () => {
    start("one");
    start("two");
    const follow = async (name: string): Promise<string> => {
      let text = "";
      await readContainerLog(name, { ...options(), follow: true }, ({ content }) => {
        text += `${Buffer.from(content)},`;
      });
      return text;
    };
    expect(await whenLetGo(["one", "two"].map(follow))).toEqual(["begun,seen,", "begun,seen,"]);
  });

  test("while a container writes without an end", async () => {
    const script = `for i in $(seq 20000); do
      if test -e /shared/go; then exit 7; fi
      cat /etc/issue
    done`;
    place.detach("chatty", script, "-v", `${shared()}:/shared`);
    const begun = Promise.withResolvers<void>();
    const show = (): void => begun.resolve();
    const followed = readContainerLog("chatty", { ...options(), follow: true }, show);
    await begun.promise;
    await whenLetGo([followed]);
    expect(await waitForContainer("chatty", options())).toBe(7);
  });
});
