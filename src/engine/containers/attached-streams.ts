// The streams of a client to which not all of a container's are attached. What the container writes to the
// others is in its log alone.

import { O_WRONLY } from "../../abi/file.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import type { AttachedStreams, RunContainerOptions } from "../run-options.ts";

const STDOUT = 1;
const STDERR = 2;

/** Owned by `stack`. */
export function attachedFds(
  { output, error }: AttachedStreams,
  stack: DisposableStack,
): Pick<RunContainerOptions, "outputFd" | "errorFd"> {
  const nowhere = { file: stack.use(new OwnedFd(open("/dev/null", O_WRONLY))) };
  return {
    outputFd: output ? STDOUT : nowhere.file.number,
    errorFd: error ? STDERR : nowhere.file.number,
  };
}
