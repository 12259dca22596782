// Mounts by the calls that take one parameter at a time (fsopen(2), fsconfig(2), fsmount(2),
// move_mount(2)): no limit on the length of options, no character that ends one.

import { AT_FDCWD } from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
} from "../abi/mount.ts";
import { quote, systemError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd } from "./file.ts";
import { bytes, cstring, decodeText } from "./memory.ts";

export type MountParameter = readonly [key: string, value?: string];

export interface DetachedMountRequest {
  readonly fileSystem: string;
  readonly parameters: readonly MountParameter[];
  /** MOUNT_ATTR_* flags. */
  readonly attributes: number;
}

const MESSAGE_BYTES = 1024;

/** A mount that is nowhere yet. It goes away with its descriptor unless it is attached. */
export function makeDetachedMount(request: DetachedMountRequest): OwnedFd {
  const { fileSystem, parameters, attributes } = request;
  const subject = `a file system of type ${quote(fileSystem)}`;
  const opened = call("fsopen", cstring(fileSystem), FSOPEN_CLOEXEC);
  using context = new OwnedFd(checked(opened, "open", subject));
  for (const [key, value] of parameters) {
    const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    const text = value === undefined ? 0 : cstring(value);
    const result = call("fsconfig", context.number, command, cstring(key), text, 0);
    checkedConfig(context.number, result, `set ${quote(key)} of`, subject);
  }
  const created = call("fsconfig", context.number, FSCONFIG_CMD_CREATE, 0, 0, 0);
  checkedConfig(context.number, created, "make", subject);
  const mount = call("fsmount", context.number, FSMOUNT_CLOEXEC, attributes);
  return new OwnedFd(checked(mount, "mount", subject));
}

export function attachMount(mountFd: number, targetPath: string): void {
  const args = [mountFd, cstring(""), AT_FDCWD, cstring(targetPath)] as const;
  const result = call("move_mount", ...args, MOVE_MOUNT_F_EMPTY_PATH);
  checked(result, "mount on", quote(targetPath));
}

/** With what the kernel says about it, which reading the context's descriptor gives out. */
function checkedConfig(
  contextFd: number,
  result: number,
  operation: string,
  subject: string,
): void {
  if (result >= 0) {
    return;
  }
  const buffer = bytes(MESSAGE_BYTES);
  const length = call("read", contextFd, addressOf(buffer), buffer.length);
  if (length <= 0) {
    throw systemError(-result, operation, subject);
  }
  const text = decodeText(buffer.subarray(0, length)).trim();
  const reason = text.replace(/^[ewi] /, "");
  throw systemError(-result, operation, subject, { reason });
}
