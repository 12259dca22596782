import { expect, test } from "bun:test";
import { Errno } from "../error/errno.ts";
import { OcicatError, systemError } from "../error/ocicat-error.ts";
import { describeFailure } from "./describe-failure.ts";

test("one line, and the hint on its own", () => {
  const error = new OcicatError("not-found", {
    operation: "find",
    subject: '"web"',
    reason: "it is not there",
    hint: "look elsewhere",
  });
  expect(describeFailure(error)).toBe('find "web": it is not there\nhint: look elsewhere');
});

test("a full disk, and a store that can't be written, have a way out", () => {
  const full = systemError(Errno.ENOSPC, "write", '"layer"');
  expect(describeFailure(full)).toContain("no space left on device (ENOSPC)\nhint: `ocicat system");
  const readOnly = systemError(Errno.EROFS, "open", '"index.json.lock"');
  expect(describeFailure(readOnly)).toContain("(EROFS)\nhint: the store can only be read");
  const others = systemError(Errno.EACCES, "open", '"index.json.lock"');
  expect(describeFailure(others)).toContain("(EACCES)\nhint: the store is another user's");
  const file = systemError(Errno.EACCES, "open", '"/srv/data.lock"');
  expect(describeFailure(file)).not.toContain("hint");
  const elsewhere = systemError(Errno.EROFS, "make", '"/media/disc/box.tar"');
  expect(describeFailure(elsewhere)).not.toContain("hint");
});

test("what failed behind it is told, unless it is the same once more", () => {
  const error = systemError(Errno.EPERM, "open", '"state"');
  error.cleanupFailures.push(systemError(Errno.EPERM, "open", '"state"'));
  expect(describeFailure(error)).toBe('open "state": operation not permitted (EPERM)');
  error.cleanupFailures.push(systemError(Errno.EBUSY, "remove", '"layer"'));
  expect(describeFailure(error)).toBe(
    'open "state": operation not permitted (EPERM)\nthen: remove "layer": device or resource busy (EBUSY)',
  );
});
