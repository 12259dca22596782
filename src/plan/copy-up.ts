// tmpcopyup: a tmpfs begins with a copy of what the image has at its destination. The files were
// listed before the compilation (HostFacts.copyUp); here each is copied by descriptors that cannot
// leave the two directories, so an image that changes meanwhile can only make it fail.

import {
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_WRONLY,
  OPEN_HOW_BYTES,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "../abi/file.ts";
import { flags, named } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { openHow, type PlanContext } from "./context.ts";
import { deviceNumber } from "./devices.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import type { CopiedFile } from "./host-facts.ts";
import type { MountStep } from "./mount-step.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;
const PERMISSION_BITS = 0o7777;

/** Copies the content of the directory at `target` into the root of the detached mount `tree`. */
export function copyUp(step: MountStep, tree: Register, target: Register): void {
  const { context, index } = step;
  context.program.because(`mounts[${index}].options`);
  for (const file of context.request.facts.copyUp.get(index) ?? []) {
    copyOne(context, file, tree, target);
  }
  context.program.because(`mounts[${index}]`);
}

function copyOne(context: PlanContext, file: CopiedFile, tree: Register, source: Register): void {
  const { program } = context;
  const path = program.text(file.path);
  const permissions = file.mode & PERMISSION_BITS;
  const mode = named(permissions, `0${permissions.toString(8)}`);
  const describes = () => `copy ${JSON.stringify(file.path)} to a tmpfs`;
  switch (file.type) {
    case "directory":
      program.call("mkdirat", [tree, path, mode], { describes });
      break;
    case "symlink":
      program.call("symlinkat", [program.text(file.target ?? ""), tree, path], { describes });
      break;
    case "file":
      copyContent(context, file, tree, source);
      break;
    case "node":
      makeNode(context, file, tree);
      break;
    case "other":
      return;
  }
  const noFollow = named(AT_SYMLINK_NOFOLLOW, "SYMLINK_NOFOLLOW");
  program.call("fchownat", [tree, path, file.uid, file.gid, noFollow], { describes });
  if (file.type !== "symlink") {
    // After chown, which clears set-user-id; the umask had its say in mkdirat and openat.
    program.call("fchmodat", [tree, path, mode], { describes });
  }
}

/** A device or a FIFO. */
function makeNode({ program }: PlanContext, file: CopiedFile, tree: Register): void {
  const describes = () => `copy ${JSON.stringify(file.path)} to a tmpfs`;
  const { major, minor } = file.device ?? { major: 0, minor: 0 };
  const mode = named(file.mode, `0${file.mode.toString(8)}`);
  const number = named(deviceNumber(major, minor), `${major}:${minor}`);
  program.call("mknodat", [tree, program.text(file.path), mode, number], { describes });
}

function copyContent(
  context: PlanContext,
  file: CopiedFile,
  tree: Register,
  source: Register,
): void {
  const { program } = context;
  const describes = () => `copy ${JSON.stringify(file.path)} to a tmpfs`;
  const how = openHow(program, {
    flags: O_CLOEXEC,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  });
  const path = program.text(file.path);
  const from = program.call("openat2", [source, path, how, OPEN_HOW_BYTES], {
    result: "from",
    describes,
  });
  const openFlags = flags(O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OPEN_NAMES);
  const to = program.call("openat", [tree, path, openFlags, named(0o600, "0600")], {
    result: "to",
    describes,
  });
  // sendfile moves at most 2 GiB at once.
  const step = 0x7fff_f000;
  for (let copied = 0; copied < file.size; copied += step) {
    program.call("sendfile", [to, from, 0, Math.min(step, file.size - copied)], { describes });
  }
  program.close(to);
  program.close(from);
}
