// The holder and the client that is its container's supervisor: native/holder.c under sanitizers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { encodeHello, encodeStdin } from "../../src/holder/attach-protocol.ts";
import { HOLDER_SOURCES } from "../../tools/native.ts";
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";
import { HeldCommand, type TestClient } from "./held-command.ts";

const SOURCES = ["test/native/hold-driver.c", ...HOLDER_SOURCES];

describe.skipIf(missingTools(SANITIZED).length > 0)("holder with a supervisor", () => {
  const folder = new TestFolder();
  const driver = folder.file("hold-driver");

  beforeAll(() => {
    compileHosted(SANITIZED, SOURCES, driver);
  });

  afterAll(() => {
    folder.remove();
  });

  function hold(options: string): HeldCommand {
    const command = ["sh", "-c", "read a; echo $a; read b; echo $b"];
    const held = new HeldCommand({ target: SANITIZED, driver, command, options });
    greet(held.primary, { primary: true });
    return held;
  }

  function greet(
    client: TestClient,
    hello: { readonly primary?: boolean; readonly supervisor?: boolean },
  ): TestClient {
    client.connection.post(encodeHello({ primary: false, ...hello }));
    client.readUntil(() => client.hello !== undefined);
    return client;
  }

  function say(held: HeldCommand, line: string): void {
    held.primary.connection.post(encodeStdin(new TextEncoder().encode(line)));
    held.primary.readUntil(() => held.primary.text[1].endsWith(line));
  }

  async function told(held: HeldCommand, times: number): Promise<void> {
    const file = held.file("gone");
    while (!existsSync(file) || readFileSync(file).length < times) {
      await Bun.sleep(5);
    }
  }

  test("it gets no output; when it goes the program is told, and the holder goes on", async () => {
    using held = hold("s");
    const first = greet(held.connect(), { supervisor: true });
    say(held, "one\n");
    first.close();
    await told(held, 1);
    const second = greet(held.connect(), { supervisor: true });
    second.close();
    await told(held, 2);
    const third = greet(held.connect(), { supervisor: true });
    say(held, "two\n");
    third.readUntilExit();
    held.primary.readUntilExit();
    expect(await held.process.exited).toBe(0);
    expect([first.text[1], third.text[1], held.primary.text[1]]).toEqual(["", "", "one\ntwo\n"]);
    expect(readFileSync(held.file("gone"), "utf8")).toBe("gg");
  });

  test("for a container that needs none it is a client like the others", async () => {
    using held = hold("-");
    const client = greet(held.connect(), { supervisor: true });
    say(held, "one\n");
    client.readUntil(() => client.text[1] === "one\n");
    client.close();
    say(held, "two\n");
    held.primary.readUntilExit();
    expect(await held.process.exited).toBe(0);
    expect(existsSync(held.file("gone"))).toBe(false);
  });
});
