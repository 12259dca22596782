// Terminals: their size, raw mode, and pseudo-terminals, always by descriptor (ioctl_tty(2)).

import { O_CLOEXEC, O_NOCTTY, O_RDWR } from "../abi/file.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd, open } from "./file.ts";
import { bytes, words } from "./memory.ts";

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export function isTerminal(fd: number): boolean {
  return call("ioctl", fd, TCGETS, addressOf(words(TERMIOS_WORDS))) === 0;
}

/** undefined when `fd` is no terminal. struct winsize: rows, columns, 0, 0, each 16 bits. */
export function terminalSize(fd: number): TerminalSize | undefined {
  const size = words(2);
  if (call("ioctl", fd, TIOCGWINSZ, addressOf(size)) < 0) {
    return undefined;
  }
  const both = size[0] ?? 0;
  return { rows: both & 0xffff, columns: both >>> 16 };
}

export function setTerminalSize(fd: number, { rows, columns }: TerminalSize): void {
  const size = words(2);
  size[0] = (rows & 0xffff) | (columns << 16);
  checked(call("ioctl", fd, TIOCSWINSZ, addressOf(size)), "resize", "a terminal");
}

// The kernel's struct termios, which is not the C library's:
// iflag u32 | oflag u32 | cflag u32 | lflag u32 | line u8 | cc u8[19]
const TERMIOS_WORDS = 9;
const INPUT_FLAGS = 0;
const OUTPUT_FLAGS = 1;
const CONTROL_FLAGS = 2;
const LOCAL_FLAGS = 3;
const CONTROL_CHARACTERS_BYTE = 17;
const VTIME = 5;
const VMIN = 6;

/** IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON. */
const COOKED_INPUT = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000;
/** OPOST. */
const COOKED_OUTPUT = 0o1;
/** ISIG, ICANON, ECHO, ECHONL, IEXTEN. */
const COOKED_LOCAL = 0o1 | 0o2 | 0o10 | 0o100 | 0o100000;
/** CSIZE and PARENB; CS8. */
const CHARACTER_SIZE = 0o60 | 0o400;
const EIGHT_BITS = 0o60;

/** A terminal in raw mode, as cfmakeraw(3) makes it, until it is disposed of. */
export class RawTerminal implements Disposable {
  readonly #fd: number;
  readonly #before = words(TERMIOS_WORDS);

  constructor(fd: number) {
    this.#fd = fd;
    const result = call("ioctl", fd, TCGETS, addressOf(this.#before));
    checked(result, "read the modes of", "the terminal");
    this.apply();
  }

  /** Also after another program had the terminal: a shell, while this process was stopped. */
  apply(): void {
    const raw = rawModes(this.#before);
    checked(call("ioctl", this.#fd, TCSETS, addressOf(raw)), "make raw", "the terminal");
  }

  /** A terminal that has gone away meanwhile needs no modes: failure has no meaning here. */
  [Symbol.dispose](): void {
    call("ioctl", this.#fd, TCSETS, addressOf(this.#before));
  }
}

function rawModes(before: Uint32Array): Uint32Array<ArrayBuffer> {
  const raw = words(TERMIOS_WORDS);
  raw.set(before);
  raw[INPUT_FLAGS] = (raw[INPUT_FLAGS] ?? 0) & ~COOKED_INPUT;
  raw[OUTPUT_FLAGS] = (raw[OUTPUT_FLAGS] ?? 0) & ~COOKED_OUTPUT;
  raw[CONTROL_FLAGS] = ((raw[CONTROL_FLAGS] ?? 0) & ~CHARACTER_SIZE) | EIGHT_BITS;
  raw[LOCAL_FLAGS] = (raw[LOCAL_FLAGS] ?? 0) & ~COOKED_LOCAL;
  const characters = new Uint8Array(raw.buffer, CONTROL_CHARACTERS_BYTE);
  characters[VMIN] = 1;
  characters[VTIME] = 0;
  return raw;
}

/** The other end of a pty master, without a path that someone could have replaced; or -errno. */
export function tryOpenTerminalPeer(masterFd: number): number {
  return call("ioctl", masterFd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

export interface PseudoTerminal {
  readonly masterFd: number;
  readonly peerFd: number;
}

/** A new pseudo-terminal of the devpts instance behind `multiplexer`, both ends close-on-exec. */
export function openPseudoTerminal(multiplexer = "/dev/ptmx"): PseudoTerminal {
  using master = new OwnedFd(open(multiplexer, O_RDWR | O_NOCTTY));
  const unlocked = bytes(4);
  const result = call("ioctl", master.number, TIOCSPTLCK, addressOf(unlocked));
  checked(result, "unlock", "a pseudo-terminal");
  const peerFd = checked(tryOpenTerminalPeer(master.number), "open", "a pseudo-terminal");
  return { masterFd: master.release(), peerFd };
}
