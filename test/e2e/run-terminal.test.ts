// `ocicat run -it`, as a person at a terminal sees it.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { eventually } from "../peers/conditions.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { OCICAT, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const DETACH = "\x10\x11";

describe.skipIf(NEEDS_ROOT)("as root: at a terminal", () => {
  const place = new RunPlace();
  let root = "";
  beforeAll(() => {
    root = makeBusyboxRoot(place.makeFolder("rootfs"));
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const flags = () => ["-it", "-e", "PATH=/bin", "-e", "PS1=inside> ", "--rootfs", root];
  const open = (words: readonly string[], name?: string) =>
    new TerminalSession(place.command([...flags(), ...words], name));

  test("a shell: a terminal of the right size, that follows ours", async () => {
    const session = open(["/bin/sh"]);
    await session.shows("inside> ");
    session.type("tty; stty size; echo $TERM\r");
    await session.shows("/dev/pts/0\r\n33 90\r\nxterm\r\n");
    session.resize(120, 50);
    await session.showsSize("50 120");
    session.type("exit 4\r");
    expect(await session.ended()).toBe(4);
    const size = "{{.Actor.Attributes.width}}x{{.Actor.Attributes.height}}";
    const resizes = ["--no-stream", "--filter", "event=resize", "--format", size];
    const told = Bun.spawnSync([OCICAT, "events", ...place.flags, ...resizes]).stdout.toString();
    expect(told).toBe("90x33\n120x50\n");
  });

  test("ctrl-c ends the program in the foreground, not the shell; ctrl-d ends the shell", async () => {
    const session = open(["/bin/sh"]);
    await session.shows("inside> ");
    // Said by what is in the foreground then: between two commands ctrl-c would be the shell's.
    session.type("sh -c 'echo started; exec sleep 100'; echo after $?\r");
    await session.shows("started\r\n");
    session.type(CTRL_C);
    await session.shows("^C");
    session.type("\recho still here\r");
    await session.shows("still here\r\n");
    session.type(CTRL_D);
    expect(await session.ended()).toBe(0);
  });

  test("the terminal is ours again as it was", async () => {
    const command = place.command([...flags(), "/bin/true"]);
    const session = new TerminalSession(["sh", "-c", 'stty -g; "$@"; stty -g', "sh", ...command]);
    expect(await session.ended()).toBe(0);
    const [before, after] = session.output.trim().split("\r\n");
    expect(before).toMatch(/^[0-9a-f:]+$/);
    expect(after).toBe(before ?? "");
  });

  test("ctrl-p ctrl-q leaves the container running and tells its name", async () => {
    const name = place.newName();
    const session = open(["/bin/sh"], name);
    await session.shows("inside> ");
    session.type(`echo one${DETACH}`);
    expect(await session.ended()).toBe(0);
    const id = place.idOf(name);
    expect(session.output).toEndWith(`${id}\r\n`);
    expect(place.leftovers().join("\n")).toContain(`state: ${id}`);
    deleteContainer({ stateRoot: place.containerState, id, force: true });
    await eventually("the holder's end", () => reaped(place));
  });

  test("without -i: the size follows, ctrl-c is a signal for the process", async () => {
    const script = `trap 'echo interrupted; exit 5' INT; echo ready
      while :; do stty size; sleep 0.05; done`;
    const words = ["-t", "-e", "PATH=/bin", "--rootfs", root, "/bin/sh", "-c", script];
    const session = new TerminalSession(place.command(words));
    await session.shows("33 90");
    session.resize(70, 20);
    await session.shows("20 70");
    session.type(CTRL_C);
    await session.shows("interrupted");
    expect(await session.ended()).toBe(5);
  });

  test("keys go to the program as they are typed; ctrl-d is the end of its input", async () => {
    const session = open(["/bin/cat"]);
    session.type("typed\r");
    await session.shows("typed\r\ntyped\r\n");
    session.type(CTRL_D);
    expect(await session.ended()).toBe(0);
  });
});

function reaped(place: RunPlace): boolean {
  return place.reap().length === 0;
}
