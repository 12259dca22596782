// Waiting for descriptors in Bun's event loop, without threads and without polling.
//
// The event loop of the JavaScript engine takes sockets, pipes and files, but neither pidfds nor most
// other kinds. What it does take is an eventfd, as a stream. So all descriptors go into one epoll set,
// and the kernel's asynchronous I/O is asked to poll that set: when anything in it becomes ready, it
// signals the eventfd, and the stream has something to read.
//
//   pidfds, pipes, ... -> epoll set -> IOCB_CMD_POLL -> eventfd -> stream -> the callbacks
//
// The request ends with each event and is made anew. epoll is level-triggered: nothing is lost.
//
// A process that has used asynchronous I/O waits at its exit for an RCU grace period of the kernel's, longer than
// many commands take: one that has nothing else to do stands still instead (poll.ts).

import { POLLIN } from "../abi/process.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf, hostArchitecture } from "./entry.ts";
import { setU64, words } from "./memory.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EVENTS_AT_ONCE = 64;
const IOCB_CMD_POLL = 5;
const IOCB_FLAG_RESFD = 1;
const SIGNAL_SET_BYTES = 8;

/** struct epoll_event is packed on x86-64: events u32, data u64. Elsewhere data is aligned to 8. */
const EVENT_WORDS = hostArchitecture.name === "x86_64" ? 3 : 4;
const EVENT_DATA = EVENT_WORDS - 2;

type Callback = () => void;

/** One for a process: see `descriptors`. */
class DescriptorLoop {
  readonly #callbacks = new Map<number, Callback>();
  readonly #epollFd: number;
  readonly #eventFd: number;
  readonly #context = words(2);
  /** struct iocb: opcode u16 at 16, descriptor u32 at 20, events u64 at 24, flags u32 at 56, eventfd u32 at 60. */
  readonly #request = words(16);
  readonly #requestAddress = words(2);
  readonly #events = words(EVENTS_AT_ONCE * EVENT_WORDS);
  #isReading = false;

  constructor() {
    this.#epollFd = checked(call("epoll_create1", EPOLL_CLOEXEC), "make", "an epoll set");
    this.#eventFd = checked(call("eventfd2", 0, EFD_NONBLOCK_CLOEXEC), "make", "an eventfd");
    const setup = call("io_setup", 4, addressOf(this.#context));
    if (setup < 0) {
      throw new OcicatError("exhausted", {
        operation: "set up",
        subject: "waiting for descriptors",
        errno: -setup,
        hint: "the limit fs.aio-max-nr of the whole host may be used up",
      });
    }
    this.#request[4] = IOCB_CMD_POLL;
    this.#request[5] = this.#epollFd;
    setU64(this.#request, 6, POLLIN);
    this.#request[14] = IOCB_FLAG_RESFD;
    this.#request[15] = this.#eventFd;
    setU64(this.#requestAddress, 0, addressOf(this.#request));
  }

  add(fd: number, events: number, callback: Callback): void {
    const event = words(EVENT_WORDS);
    event[0] = events;
    event[EVENT_DATA] = fd;
    const args = [this.#epollFd, EPOLL_CTL_ADD, fd, addressOf(event)] as const;
    checked(call("epoll_ctl", ...args), "wait for", `descriptor ${fd}`);
    this.#callbacks.set(fd, callback);
    if (!this.#isReading) {
      this.#isReading = true;
      void this.#read();
    }
  }

  remove(fd: number): void {
    if (!this.#callbacks.delete(fd)) {
      return;
    }
    call("epoll_ctl", this.#epollFd, EPOLL_CTL_DEL, fd, 0);
    if (this.#callbacks.size === 0) {
      // The reader has to see that there is nothing left.
      const one = words(2);
      one[0] = 1;
      call("write", this.#eventFd, addressOf(one), 8);
    }
  }

  /** Runs as long as there is anything to wait for; an idle loop does not keep the process alive. */
  async #read(): Promise<void> {
    // Something may be added while a reader that has nothing to wait for is being given up.
    while (this.#callbacks.size > 0) {
      const reader = Bun.file(this.#eventFd).stream().getReader();
      while (this.#callbacks.size > 0) {
        this.#ask();
        await reader.read();
        this.#dispatch();
      }
      await reader.cancel();
    }
    this.#isReading = false;
  }

  #ask(): void {
    const [context = 0, high = 0] = this.#context;
    const address = high * 0x1_0000_0000 + context;
    const result = call("io_submit", address, 1, addressOf(this.#requestAddress));
    checked(result, "wait for", "descriptors");
  }

  #dispatch(): void {
    this.#takeCompletion();
    const args = [this.#epollFd, addressOf(this.#events), EVENTS_AT_ONCE, 0, 0, SIGNAL_SET_BYTES];
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
    const count = checked(call("epoll_pwait", a, b, c, d, e, f), "wait for", "descriptors");
    for (let index = 0; index < count; index++) {
      const fd = this.#events[index * EVENT_WORDS + EVENT_DATA] ?? -1;
      this.#callbacks.get(fd)?.();
    }
  }

  /** The completion of the request itself says nothing that epoll does not say better. */
  #takeCompletion(): void {
    const completion = words(8);
    const timeout = words(4);
    const [context = 0, high = 0] = this.#context;
    const address = high * 0x1_0000_0000 + context;
    call("io_getevents", address, 0, 1, addressOf(completion), addressOf(timeout));
  }
}

let loop: DescriptorLoop | undefined;

/** Calls back whenever `fd` is ready, until the returned function is called. It keeps the process alive. */
export function watchDescriptor(fd: number, callback: Callback, events = POLLIN): () => void {
  loop ??= new DescriptorLoop();
  const descriptors = loop;
  descriptors.add(fd, events, callback);
  return () => {
    descriptors.remove(fd);
  };
}
