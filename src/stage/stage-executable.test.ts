import { describe, expect, test } from "bun:test";
import { AT_FDCWD, O_WRONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { call } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { tryOpenAt } from "../sys/file.ts";
import { spawn, waitForPid } from "../sys/process.ts";
import { protectedCopy, stageBytes, stageExecutable } from "./stage-executable.ts";

const EXIT_REFUSED = 123;

/** Without arguments the stage refuses to run: that it does shows that it was executed. */
function execute(executableFd: number): unknown {
  return waitForPid(spawn({ executableFd, args: ["stage"], environment: [] }, "the stage"));
}

describe("the stage's executable", () => {
  test("is a memfd that can be executed and not be written to", () => {
    using executable = stageExecutable();
    expect(execute(executable.number)).toEqual({ code: EXIT_REFUSED });
    const path = `/proc/self/fd/${executable.number}`;
    const fd = tryOpenAt(AT_FDCWD, path, O_WRONLY);
    const content = new Uint8Array(new ArrayBuffer(1));
    expect(fd < 0 ? fd : call("write", fd, addressOf(content), 1)).toBe(-Errno.EPERM);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "where memfds cannot be executed, is a file on a read-only mount of nobody else",
    () => {
      using executable = protectedCopy(stageBytes());
      expect(execute(executable.number)).toEqual({ code: EXIT_REFUSED });
      const path = `/proc/self/fd/${executable.number}`;
      expect(tryOpenAt(AT_FDCWD, path, O_WRONLY)).toBe(-Errno.EROFS);
    },
  );
});
