// What the faulty registry does wrong, when, and how it does it.

import type { Socket } from "node:net";
import {
  type Answer,
  errorAnswer,
  headText,
  type RequestHead,
  write,
} from "./faulty-registry-http.ts";

export type RequestKind =
  | "ping"
  | "token"
  | "manifest"
  | "blob"
  | "upload"
  | "tags"
  | "catalog"
  | "referrers"
  | "other";

export type FaultAction =
  /** The connection is reset after so many bytes of the body; -1: before the head. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The connection is closed in order after so many bytes of the body. */
  | {
      readonly kind: "cut";
      readonly afterBytes: number;
      /** Waited for before it is closed: a client may lose what it has not read by then. */
      readonly when?: () => Promise<void>;
    }
  /** Nothing more comes after so many bytes of the body; -1: not even the head. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** The body ends too early by so many bytes, and the head says so. */
  | { readonly kind: "short"; readonly bytes: number }
  /** The body has so many bytes too many, and no Content-Length. */
  | { readonly kind: "long"; readonly bytes: number }
  /** The head promises another length than what comes before the connection is closed. */
  | { readonly kind: "length"; readonly value: number }
  /** A body that never ends. */
  | { readonly kind: "endless" }
  /** So many bytes at a time, with a pause before each. */
  | { readonly kind: "trickle"; readonly bytes: number; readonly everyMs: number }
  /** One bit of the body is wrong. */
  | { readonly kind: "corrupt"; readonly at: number }
  /** Headers are replaced; "" takes one away. */
  | { readonly kind: "headers"; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** 307 to an address; "{url}" in it stands for what was asked for, with its query. */
  | { readonly kind: "redirect"; readonly to: string }
  /** Range is ignored: 200 and everything. */
  | { readonly kind: "no-range" }
  /** 206 with another part than the one that was asked for. */
  | { readonly kind: "wrong-range" }
  /** What is no HTTP at all. */
  | { readonly kind: "garbage" }
  /** The connection is reset when so many bytes of the request's body have come; they are kept. */
  | { readonly kind: "cut-upload"; readonly afterBytes: number };

export interface Fault {
  readonly on: RequestKind | "all";
  readonly method?: string;
  /** What path and query have to match. */
  readonly where?: RegExp;
  /** So many requests go well first. */
  readonly skip?: number;
  /** So many go wrong; all of them without it. */
  readonly times?: number;
  readonly action: FaultAction;
}

/** Which fault a request meets: the first of the plan that fits and is not used up. */
export class FaultPlan {
  readonly #faults: { readonly fault: Fault; seen: number }[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults.map((fault) => ({ fault, seen: 0 }));
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  take(kind: RequestKind, head: RequestHead): FaultAction | undefined {
    for (const entry of this.#faults) {
      if (!fits(entry.fault, kind, head)) {
        continue;
      }
      const { skip = 0, times = Number.POSITIVE_INFINITY, action } = entry.fault;
      entry.seen += 1;
      if (entry.seen > skip && entry.seen <= skip + times) {
        return action;
      }
    }
    return undefined;
  }
}

function fits({ on, method, where }: Fault, kind: RequestKind, head: RequestHead): boolean {
  return (
    (on === "all" || on === kind) &&
    (method === undefined || method === head.method) &&
    (where === undefined || where.test(`${head.path}?${head.query}`))
  );
}

const ENDLESS_CHUNK = new Uint8Array(64 * 1024).fill(0x20);

/** Changes what is answered; what changes how it is sent: sendFaulty. */
export function faultyAnswer(answer: Answer, action: FaultAction, head: RequestHead): Answer {
  const { headers = {}, body = new Uint8Array() } = answer;
  switch (action.kind) {
    case "short":
      return { ...answer, body: body.subarray(0, body.length - action.bytes) };
    case "long": {
      const longer = Buffer.concat([body, new Uint8Array(action.bytes)]);
      return { ...answer, headers: { ...headers, "Content-Length": "" }, body: longer };
    }
    case "length":
      return { ...answer, headers: { ...headers, "Content-Length": String(action.value) } };
    case "endless":
      return { ...answer, headers: { ...headers, "Content-Length": "" } };
    case "corrupt": {
      const wrong = new Uint8Array(body);
      wrong[action.at] = (wrong[action.at] ?? 0) ^ 1;
      return { ...answer, body: wrong };
    }
    case "headers":
      return { ...answer, headers: { ...headers, ...action.headers } };
    case "status":
      return action.body === undefined
        ? errorAnswer(action.status, "UNKNOWN", action.headers)
        : {
            status: action.status,
            body: new TextEncoder().encode(action.body),
            ...(action.headers === undefined ? {} : { headers: action.headers }),
          };
    case "redirect": {
      const asked = `${head.path}${head.query.size === 0 ? "" : `?${head.query}`}`;
      return { status: 307, headers: { Location: action.to.replace("{url}", asked) } };
    }
    case "wrong-range":
      return answer.status === 206 ? shifted(answer, body) : answer;
    default:
      return answer;
  }
}

/** One byte further on than asked for, and says so. */
function shifted(answer: Answer, body: Uint8Array): Answer {
  const range = answer.headers?.["Content-Range"] ?? "";
  const wrong = range.replace(/\d+/, (from) => String(Number(from) + 1));
  return {
    ...answer,
    headers: { ...answer.headers, "Content-Range": wrong },
    body: body.subarray(1),
  };
}

/** Whether the connection can be used again. */
export async function sendAnswer(
  socket: Socket,
  answer: Answer,
  action: FaultAction | undefined,
  isHead: boolean,
): Promise<boolean> {
  const body = isHead ? new Uint8Array() : (answer.body ?? new Uint8Array());
  const cut = cutOf(action);
  if (action?.kind === "garbage") {
    await write(socket, "no HTTP\r\n\r\n");
    socket.end();
    return false;
  }
  if (cut === undefined || cut.afterBytes >= 0) {
    await write(socket, headText(answer));
  }
  if (cut !== undefined) {
    await write(socket, body.subarray(0, Math.max(0, cut.afterBytes)));
    await breakOff(socket, cut);
    return false;
  }
  if (action?.kind === "trickle") {
    await trickle(socket, body, action);
  } else {
    await write(socket, body);
  }
  while (action?.kind === "endless" && !socket.destroyed) {
    await write(socket, ENDLESS_CHUNK);
  }
  const isClosing =
    action?.kind === "long" || action?.kind === "length" || action?.kind === "endless";
  if (isClosing) {
    socket.end();
  }
  return !isClosing;
}

type Cut = Extract<FaultAction, { readonly afterBytes: number }>;

function cutOf(action: FaultAction | undefined): Cut | undefined {
  const kind = action?.kind;
  return kind === "reset" || kind === "stall" || kind === "cut" ? action : undefined;
}

/** A stalled connection stays open until the client or the registry closes it. */
async function breakOff(socket: Socket, cut: Cut): Promise<void> {
  if (cut.kind === "cut") {
    await cut.when?.();
    socket.end();
  } else if (cut.kind === "stall") {
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
  } else {
    reset(socket);
  }
}

export function reset(socket: Socket): void {
  if ("resetAndDestroy" in socket && !("authorized" in socket)) {
    socket.resetAndDestroy();
  } else {
    socket.destroy();
  }
}

async function trickle(
  socket: Socket,
  body: Uint8Array,
  { bytes, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Promise<void> {
  for (let offset = 0; offset < body.length && !socket.destroyed; offset += bytes) {
    await Bun.sleep(everyMs);
    await write(socket, body.subarray(offset, offset + bytes));
  }
}
