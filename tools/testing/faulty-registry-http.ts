// The server's side of HTTP/1.1 for the faulty registry, on bare sockets: a real HTTP library refuses to
// lie about lengths or to break off in the middle.

import type { Socket } from "node:net";

export interface RequestHead {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

const HEAD_BYTES_MAX = 64 * 1024;
/** How a client begins that expects TLS. */
const TLS_HANDSHAKE = 0x16;
const END_OF_HEAD = "\r\n\r\n";
const END_OF_LINE = "\r\n";

/** Reads requests from one connection, one after the other. */
export class HttpReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Undefined: the client has closed the connection. */
  async head(): Promise<RequestHead | undefined> {
    const text = await this.#until(END_OF_HEAD);
    if (text === undefined) {
      return undefined;
    }
    const [line = "", ...fields] = text.split(END_OF_LINE);
    const [method = "", target = ""] = line.split(" ");
    const url = new URL(target, "http://registry");
    const headers = fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim()];
    });
    return {
      method,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: new Map(headers),
    };
  }

  /** The body, or its first `limit` bytes: then the connection is of no further use. */
  async body(head: RequestHead, limit = Number.POSITIVE_INFINITY): Promise<Buffer> {
    if (head.headers.get("transfer-encoding") === "chunked") {
      return await this.#chunked(limit);
    }
    const length = Number(head.headers.get("content-length") ?? 0);
    return await this.#bytes(Math.min(length, limit));
  }

  async #chunked(limit: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    while (bytes < limit) {
      const size = Number.parseInt((await this.#until(END_OF_LINE)) ?? "0", 16);
      const part = await this.#bytes(size + END_OF_LINE.length);
      if (size === 0) {
        break;
      }
      parts.push(part.subarray(0, size));
      bytes += size;
    }
    return Buffer.concat(parts).subarray(0, limit);
  }

  async #until(end: string): Promise<string | undefined> {
    for (;;) {
      const index = this.#pending.indexOf(end);
      if (index >= 0) {
        const text = this.#pending.subarray(0, index).toString("latin1");
        this.#pending = this.#pending.subarray(index + end.length);
        return text;
      }
      const isHopeless =
        this.#pending.length > HEAD_BYTES_MAX || this.#pending[0] === TLS_HANDSHAKE;
      if (isHopeless || !(await this.#more())) {
        return undefined;
      }
    }
  }

  /** Fewer where the client closes before. */
  async #bytes(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#pending.length === 0 && !(await this.#more())) {
        break;
      }
      const part = this.#pending.subarray(0, missing);
      this.#pending = this.#pending.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) {
      return false;
    }
    this.#pending =
      this.#pending.length === 0 ? next.value : Buffer.concat([this.#pending, next.value]);
    return true;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export function json(
  status: number,
  document: unknown,
  headers: Record<string, string> = {},
): Answer {
  const body = new TextEncoder().encode(JSON.stringify(document));
  return { status, headers: { "Content-Type": "application/json", ...headers }, body };
}

/** As distribution-spec has it. */
export function errorAnswer(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Answer {
  const message = code.toLowerCase().replaceAll("_", " ");
  return json(status, { errors: [{ code, message }] }, headers);
}

/** The first bytes of an answer. A Content-Length of "" is left out. */
export function headText({ status, headers = {}, body }: Answer): string {
  const all = { "Content-Length": String(body?.length ?? 0), ...headers };
  const fields = Object.entries(all).filter(([, value]) => value !== "");
  const lines = fields.map(([name, value]) => `${name}: ${value}${END_OF_LINE}`);
  return `HTTP/1.1 ${status} Status${END_OF_LINE}${lines.join("")}${END_OF_LINE}`;
}

/** Resolves when the kernel has taken it, or the connection is gone. */
export async function write(socket: Socket, data: Uint8Array | string): Promise<void> {
  if (!socket.destroyed && !socket.write(data)) {
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off("drain", go);
        socket.off("close", go);
        resolve();
      };
      socket.on("drain", go);
      socket.on("close", go);
    });
  }
}
