// Text as a file in memory, for a program that reads it from a descriptor.

import { MFD_CLOEXEC } from "../abi/file.ts";
import { call, checked } from "./call.ts";
import { OwnedFd, writeAll } from "./file.ts";
import { cstring, encodeText } from "./memory.ts";

/** It is read from the beginning; `name` is for those who look at /proc. */
export function memoryFile(name: string, content: string): OwnedFd {
  const fd = call("memfd_create", cstring(name), MFD_CLOEXEC);
  using file = new OwnedFd(checked(fd, "make", "a memfd"));
  writeAll(file.number, encodeText(content), `the file ${name} in memory`);
  call("lseek", file.number, 0, 0);
  return new OwnedFd(file.release());
}
