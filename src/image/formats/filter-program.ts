// Sends bytes through a program that reads standard input and writes standard output.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { ByteSource } from "../tar/tar-writer.ts";

const MOST_ERROR_TEXT = 500;

export interface FilterOptions {
  /** For errors: "decompress", "an archive in xz". */
  readonly operation: string;
  readonly subject: string;
  readonly consume: (chunk: Uint8Array) => void;
}

/** Throws "invalid-config" with what the program says when it does not end with 0. */
export async function filter(
  command: readonly string[],
  input: ByteSource,
  { operation, subject, consume }: FilterOptions,
): Promise<void> {
  const child = Bun.spawn([...command], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  try {
    const errors = new Response(child.stderr).text();
    const fed = feed(child.stdin, input);
    // Whatever reading throws is thrown below; feeding is looked at after that.
    fed.catch(() => undefined);
    for await (const chunk of child.stdout) {
      consume(chunk);
    }
    await fed;
    const status = await child.exited;
    if (status !== 0) {
      const reason = (await errors).trim().slice(0, MOST_ERROR_TEXT);
      throw new OcicatError("invalid-config", {
        operation,
        subject,
        reason: reason === "" ? `${command[0]} ended with ${status}` : reason,
      });
    }
  } finally {
    child.kill("SIGKILL");
  }
}

/** Ends early, without an error, when the program does: its exit status then says why. */
async function feed(stdin: Bun.FileSink, input: ByteSource): Promise<void> {
  try {
    for await (const chunk of input) {
      stdin.write(chunk);
      await stdin.flush();
    }
    await stdin.end();
  } catch (error) {
    if (!isBrokenPipe(error)) {
      throw error;
    }
  }
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
