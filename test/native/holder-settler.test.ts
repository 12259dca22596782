// The holder and a client that sees to what comes after the end: native/holder.c under sanitizers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { LOCK_EX, LOCK_NB, O_RDONLY } from "../../src/abi/file.ts";
import { encodeHello, encodeSettled, encodeStdin } from "../../src/holder/attach-protocol.ts";
import { OwnedFd, open, tryFlock } from "../../src/sys/file.ts";
import { HOLDER_SOURCES } from "../../tools/native.ts";
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";
import { HeldCommand, type TestClient } from "./held-command.ts";

const SOURCES = ["test/native/hold-driver.c", ...HOLDER_SOURCES];

describe.skipIf(missingTools(SANITIZED).length > 0)("holder with a settler", () => {
  const folder = new TestFolder();
  const driver = folder.file("hold-driver");

  beforeAll(() => {
    compileHosted(SANITIZED, SOURCES, driver);
  });

  afterAll(() => {
    folder.remove();
  });

  function hold(): HeldCommand {
    const command = ["sh", "-c", "read a; echo $a; exit 3"];
    return new HeldCommand({ target: SANITIZED, driver, command, options: "al" });
  }

  function greet(client: TestClient, settler: boolean): TestClient {
    client.connection.post(encodeHello({ primary: !settler, settler }));
    client.readUntil(() => client.hello !== undefined);
    return client;
  }

  function end(held: HeldCommand): void {
    held.primary.connection.post(encodeStdin(new TextEncoder().encode("out\n")));
    held.primary.readUntilExit();
  }

  function isLocked(held: HeldCommand): boolean {
    using file = new OwnedFd(open(held.file("lock"), O_RDONLY));
    return tryFlock(file.number, LOCK_EX | LOCK_NB) !== 0;
  }

  test("it gets no output; it is told when all is over and every lock is free", async () => {
    using held = hold();
    greet(held.primary, false);
    const settler = greet(held.connect(), true);
    expect(settler.hello?.settler).toBe(true);
    expect(isLocked(held)).toBe(true);
    end(held);
    settler.readUntil(() => settler.isToSettle);
    expect(settler.exit?.status).toEqual({ code: 3 });
    expect(settler.text[1]).toBe("");
    expect(await Bun.file(held.file("log")).text()).toEndWith(" stdout F out\n");
    expect(isLocked(held)).toBe(false);
    held.primary.readUntilGone();
    settler.connection.post(encodeSettled());
    expect(await held.process.exited).toBe(0);
    expect(existsSync(held.file("after"))).toBe(false);
  });

  test("what it leaves undone the program does", async () => {
    using held = hold();
    greet(held.primary, false);
    const settler = greet(held.connect(), true);
    const second = greet(held.connect(), true);
    end(held);
    settler.readUntil(() => settler.isToSettle);
    second.readUntilGone();
    expect([second.isToSettle, existsSync(held.file("after"))]).toEqual([false, false]);
    settler.close();
    expect(await held.process.exited).toBe(0);
    expect(existsSync(held.file("after"))).toBe(true);
  });

  test("it cannot have settled what it was not told to", async () => {
    using held = hold();
    greet(held.primary, false);
    const settler = greet(held.connect(), true);
    settler.connection.post(encodeSettled());
    settler.readUntilGone();
    end(held);
    expect(await held.process.exited).toBe(0);
    expect(existsSync(held.file("after"))).toBe(true);
  });
});
