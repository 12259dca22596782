import { describe, expect, test } from "bun:test";
import type { Process } from "../oci/process.ts";
import { checkTerminal } from "./requested-sockets.ts";

const plain: Process = { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } };
const terminal: Process = { ...plain, terminal: true };

describe("checkTerminal", () => {
  test("refuses a terminal whose other end nobody takes", () => {
    expect(() => checkTerminal(terminal, "given", {})).toThrow("console socket");
    expect(() => checkTerminal(terminal, "kept", {})).toThrow("nobody takes");
  });

  test("refuses a console socket without a terminal, or where nobody detaches", () => {
    const socket = { consoleSocket: "/run/console.sock" };
    expect(() => checkTerminal(plain, "given", socket)).toThrow("cannot use console socket");
    expect(() => checkTerminal(terminal, "kept", { ...socket, consoleFd: 5 })).toThrow(
      "cannot use console socket",
    );
  });

  test("accepts a terminal that a socket, a descriptor or the holder takes", () => {
    const checks = [
      () => checkTerminal(terminal, "given", { consoleSocket: "/run/console.sock" }),
      () => checkTerminal(terminal, "kept", { consoleFd: 5 }),
      () => checkTerminal(terminal, "held", {}),
      () => checkTerminal(plain, "kept", {}),
    ];
    for (const check of checks) {
      expect(check).not.toThrow();
    }
  });
});
