// What `ocicat run --help` prints.

import { type Flag, RUN_FLAGS } from "./flags.ts";

const USAGE = `Usage: ocicat run [FLAGS] IMAGE [COMMAND...]
       ocicat run [FLAGS] --rootfs DIR COMMAND...

Runs a process in a new container, in the foreground, and leaves with its exit code.

IMAGE is oci:LAYOUT[:TAG], an OCI image layout on disk, or hello, which is built in.

Flags:
`;

const REST = `
At a terminal (-it), ctrl-p ctrl-q leaves the container running and comes back to the shell.

Exit codes: the process's own, 128 + N when signal N killed it, 127 when its program is not found,
126 when it cannot be executed, 125 when ocicat itself fails.

Examples:
  ocicat run --rm hello
  ocicat run --rm -it oci:/srv/images/debian:latest bash
  ocicat run --rm -m 512m --cpus 1.5 -v ./src:/src:ro oci:debian python3 /src/main.py
  echo hello | ocicat run --rm -i --rootfs /srv/busybox tr a-z A-Z
`;

export function helpText(): string {
  const left = RUN_FLAGS.map(spelling);
  const width = Math.max(...left.map((text) => text.length)) + 2;
  const lines = RUN_FLAGS.map((flag, index) => `  ${left[index]?.padEnd(width)}${flag.summary}\n`);
  return USAGE + lines.join("") + REST;
}

function spelling({ name, short, value }: Flag): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}
