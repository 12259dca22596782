// What test/peers/CLIENT-STRINGS.md says that clients match. Each pattern is written here as the client
// has it.

import { describe, expect, test } from "bun:test";
import { Errno } from "../../error/errno.ts";
import { OcicatError, systemError } from "../../error/ocicat-error.ts";
import { programFailure } from "../../runtime/program-failure.ts";
import { clientMessage } from "./client-messages.ts";

/** containerd's shim, checkKillError, in its order. */
function shimKillError(output: string): string {
  const isGone = ["os: process already finished", "container not running"].some((text) =>
    output.includes(text),
  );
  if (isGone || output.toLowerCase().includes("no such process")) {
    return "process already finished";
  }
  return output.includes("does not exist") ? "no such container" : "unknown error after kill";
}

/** dockerd's exit code of a failed start: lower case, all of these contained. */
function dockerExitCode(message: string): number {
  const text = message.toLowerCase();
  if (
    ["executable file not found", "no such file or directory", "not a directory"].some((each) =>
      text.includes(each),
    )
  ) {
    return 127;
  }
  return ["permission denied", "is a directory"].some((each) => text.includes(each)) ? 126 : 125;
}

/** podman, getOCIRuntimeError: the first pattern that matches any line. */
function podmanError(message: string): string {
  if (/permission denied|operation not permitted/i.test(message)) {
    return "permission denied";
  }
  return /executable file not found in|no such file or directory/i.test(message)
    ? "not found"
    : "other";
}

function programError(describes: string, errno: number): OcicatError {
  return programFailure(
    { kind: 0, op: 0, value: errno },
    { reason: "process.args", call: "execveat", describes },
  );
}

const wrongState = (reason: string) =>
  new OcicatError("wrong-state", { operation: "kill", subject: 'container "x"', reason });

const missing = new OcicatError("not-found", {
  operation: "find",
  subject: "container",
  reason: "container does not exist",
});

describe("what is said of a container", () => {
  test("is runc's sentence alone", () => {
    expect(clientMessage("kill", wrongState("container not running"))).toBe(
      "container not running",
    );
    expect(clientMessage("state", missing)).toBe("container does not exist");
    expect(clientMessage("exec", missing)).toBe("exec failed: container does not exist");
  });

  test("is understood by containerd's shim", () => {
    expect(shimKillError(clientMessage("kill", wrongState("container not running")))).toBe(
      "process already finished",
    );
    expect(shimKillError(clientMessage("kill", missing))).toBe("no such container");
    const signal = systemError(Errno.EPERM, "signal", 'container "x"');
    expect(shimKillError(clientMessage("kill", signal))).toBe("unknown error after kill");
  });
});

describe("a program that cannot be executed", () => {
  test.each([
    ['find the program "nosuch"', Errno.ENOENT, 127, "not found"],
    ['find the program "/nosuch"', Errno.ENOENT, 127, "not found"],
    ['find the program "/bin"', Errno.EACCES, 126, "permission denied"],
  ])("%s, errno %d: %d", (describes, errno, code, kind) => {
    const message = clientMessage("create", programError(describes, errno));
    expect(message).toStartWith(
      `ocicat-runtime create failed: unable to start container process: exec: ${describes.slice("find the program ".length)}: `,
    );
    expect(dockerExitCode(message)).toBe(code);
    expect(podmanError(message)).toBe(kind);
  });

  test("has runc's words for one that is not in PATH", () => {
    expect(clientMessage("exec", programError('find the program "nosuch"', Errno.ENOENT))).toBe(
      'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    );
  });
});

describe("what else goes wrong", () => {
  test("says the whole error, with Go's words for errno", () => {
    const mount = systemError(Errno.ENOTDIR, "mounts[1]:", 'bind "/a" on "/b"');
    const message = clientMessage("create", mount);
    expect(message).toBe(
      'ocicat-runtime create failed: mounts[1]: bind "/a" on "/b": not a directory (ENOTDIR)',
    );
    expect(dockerExitCode(message)).toBe(127);
  });

  test("keeps the faults of a document, one a line", () => {
    const error = new OcicatError("invalid-config", {
      operation: "parse",
      subject: "config.json",
      reason: "2 faults\n  a: one\n  b: two",
    });
    expect(clientMessage("create", error)).toBe(
      "ocicat-runtime create failed: parse config.json: 2 faults\n  a: one\n  b: two",
    );
  });

  test("adds what could not be cleaned up, behind the first error", () => {
    const error = systemError(Errno.ENOSPC, "write", '"state.json"');
    error.cleanupFailures.push(systemError(Errno.EBUSY, "remove", '"/x"'));
    expect(clientMessage("run", error)).toBe(
      'ocicat-runtime run failed: write "state.json": no space left on device (ENOSPC)' +
        '; then: remove "/x": device or resource busy (EBUSY)',
    );
  });

  test("names a defect as one", () => {
    expect(clientMessage("start", new TypeError("x is undefined"))).toStartWith(
      "a defect of ocicat: TypeError: x is undefined",
    );
  });
});
