// The calls that 32-bit x86 also offers through socketcall(2) and ipc(2), whose first argument then
// says which one is meant (linux/net.h, linux/ipc.h).

export interface MultiplexedCall {
  readonly name: string;
  /** The multiplexer's first argument. */
  readonly selector: number;
}

export const MULTIPLEXER_NAMES = ["socketcall", "ipc"] as const;
export type MultiplexerName = (typeof MULTIPLEXER_NAMES)[number];

export const MULTIPLEXERS: Readonly<Record<MultiplexerName, readonly MultiplexedCall[]>> = {
  socketcall: [
    { name: "socket", selector: 1 },
    { name: "bind", selector: 2 },
    { name: "connect", selector: 3 },
    { name: "listen", selector: 4 },
    { name: "accept", selector: 5 },
    { name: "getsockname", selector: 6 },
    { name: "getpeername", selector: 7 },
    { name: "socketpair", selector: 8 },
    { name: "send", selector: 9 },
    { name: "recv", selector: 10 },
    { name: "sendto", selector: 11 },
    { name: "recvfrom", selector: 12 },
    { name: "shutdown", selector: 13 },
    { name: "setsockopt", selector: 14 },
    { name: "getsockopt", selector: 15 },
    { name: "sendmsg", selector: 16 },
    { name: "recvmsg", selector: 17 },
    { name: "accept4", selector: 18 },
    { name: "recvmmsg", selector: 19 },
    { name: "sendmmsg", selector: 20 },
  ],
  ipc: [
    { name: "semop", selector: 1 },
    { name: "semget", selector: 2 },
    { name: "semctl", selector: 3 },
    { name: "semtimedop", selector: 4 },
    { name: "msgsnd", selector: 11 },
    { name: "msgrcv", selector: 12 },
    { name: "msgget", selector: 13 },
    { name: "msgctl", selector: 14 },
    { name: "shmat", selector: 21 },
    { name: "shmdt", selector: 22 },
    { name: "shmget", selector: 23 },
    { name: "shmctl", selector: 24 },
  ],
};
