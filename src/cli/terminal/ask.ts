// Questions to a person at the terminal.

import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { bytes, decodeText } from "../../sys/memory.ts";
import { isTerminal, RawTerminal } from "../../sys/terminal.ts";
import { writeError } from "../write-text.ts";

const STDIN = 0;
const LINE_BYTES = 4096;

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const CTRL_U = 0x15;
const DELETE = 0x7f;

/** Whether anybody is there to be asked. */
export function canAsk(): boolean {
  return isTerminal(STDIN);
}

/** Anything but y or yes is no. */
function confirm(question: string): boolean {
  const answer = ask(`${question} [y/N] `) ?? "";
  return /^y(es)?$/i.test(answer.trim());
}

/** `what` is to be removed. Throws "invalid-argument" where there is nobody to ask. */
export function confirmRemoval(what: string, question: string): boolean {
  if (!canAsk()) {
    throw new OcicatError("invalid-argument", {
      operation: "ask",
      subject: `whether to remove ${what}`,
      reason: "standard input is no terminal",
      hint: "say it with --force",
    });
  }
  return confirm(question);
}

/** Undefined: the input ended instead of an answer. */
export function ask(prompt: string): string | undefined {
  writeError(prompt);
  const line: number[] = [];
  for (let byte = readByte(); byte !== NEWLINE; byte = readByte()) {
    if (byte === undefined) {
      return line.length === 0 ? undefined : textOf(line);
    }
    append(line, byte);
  }
  return textOf(line);
}

/**
 * What is typed is not shown. The terminal is in raw mode meanwhile, so that ctrl-c comes as a byte and
 * nothing leaves it silent; it throws "interrupted". Undefined: the input ended.
 */
export function askSecret(prompt: string): string | undefined {
  try {
    // Before the prompt: whoever sees it may type.
    using _raw = new RawTerminal(STDIN);
    writeError(prompt);
    return readSecret();
  } finally {
    // The end of line that was not shown either.
    writeError("\n");
  }
}

function readSecret(): string | undefined {
  const line: number[] = [];
  for (let byte = readByte(); byte !== RETURN && byte !== NEWLINE; byte = readByte()) {
    if (byte === undefined || (byte === CTRL_D && line.length === 0)) {
      return undefined;
    }
    if (byte === CTRL_C) {
      throw new OcicatError("interrupted", {
        operation: "read",
        subject: "the password",
        reason: "it was interrupted",
      });
    }
    takeKey(line, byte);
  }
  return textOf(line);
}

function takeKey(line: number[], byte: number): void {
  if (byte === CTRL_U) {
    line.length = 0;
  } else if (byte === DELETE || byte === BACKSPACE) {
    removeLetter(line);
  } else {
    append(line, byte);
  }
}

/** Of UTF-8: the bytes that continue a letter go with it. */
function removeLetter(line: number[]): void {
  for (let byte = line.pop(); byte !== undefined && (byte & 0xc0) === 0x80; byte = line.pop()) {
    // The first byte of the letter is taken by the loop's last step.
  }
}

function append(line: number[], byte: number): void {
  if (line.length < LINE_BYTES) {
    line.push(byte);
  }
}

function textOf(line: readonly number[]): string {
  return decodeText(new Uint8Array(line));
}

/** Undefined at the end of the input. */
function readByte(): number | undefined {
  const buffer = bytes(1);
  for (;;) {
    const count = call("read", STDIN, addressOf(buffer), 1);
    if (count !== -Errno.EINTR) {
      return checked(count, "read", "standard input") === 0 ? undefined : buffer[0];
    }
  }
}
