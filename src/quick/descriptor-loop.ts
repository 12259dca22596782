// In the place of src/sys/descriptor-loop.ts: waiting for descriptors in the quick program's own event loop.

import { POLLIN } from "../abi/process.ts";

export function watchDescriptor(fd: number, callback: () => void, events = POLLIN): () => void {
  return native.watch(fd, events, callback);
}
