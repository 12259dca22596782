// A registry for tests that does wrong what it is told to. It runs in the test's process, on loopback, on
// a port of its own, with its content in memory.
//
//   await using registry = await FaultyRegistry.start({ faults: [...] });
//   registry.content.addLayout("app", FOLDER, "latest");            or addBlob, addManifest
//   registry.plan.add({ on: "blob", times: 2, action: { kind: "reset", afterBytes: 1000 } });
//   ... `${registry.domain}/app:latest` ...
//   expect(registry.requests.map(({ line }) => line)).toEqual([...]);
//
// A fault says which requests it meets (`on`, `method`, `where`), how many go well before (`skip`), how many
// go wrong (`times`), and what happens (`action`); see faulty-registry-faults.ts:
//
//   reset cut stall        the connection breaks, is closed, or nothing more comes, after N bytes of the body
//   short long length      bodies and heads that do not agree with each other or with the descriptor
//   endless trickle        bodies without end, or as slow as it gets
//   corrupt                one wrong bit
//   headers status         wrong headers (Docker-Content-Digest, Content-Type, ...), 429 and 5xx with Retry-After
//   redirect               to the same address (a loop), to another host
//   no-range wrong-range   Range is ignored, or answered with another part
//   garbage                no HTTP
//   cut-upload             the connection breaks while the client sends
//
// What is no fault but a kind of registry is a setting: TLS, passwords and tokens (faulty-registry-auth.ts),
// no list of referrers, pages, chunks of a least size.

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type AnswerSettings, Answers, type Route, routeOf } from "./faulty-registry-answers.ts";
import { Gatekeeper, type RegistryAuth } from "./faulty-registry-auth.ts";
import { RegistryContent } from "./faulty-registry-content.ts";
import {
  type Fault,
  FaultPlan,
  faultyAnswer,
  reset,
  sendAnswer,
} from "./faulty-registry-faults.ts";
import { type Answer, HttpReader, type RequestHead } from "./faulty-registry-http.ts";

export interface FaultyRegistrySettings extends AnswerSettings {
  /** PEM texts; plain HTTP when absent. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly auth?: RegistryAuth;
  readonly faults?: readonly Fault[];
}

export interface RecordedRequest {
  /** "GET /v2/app/manifests/latest". */
  readonly line: string;
  readonly head: RequestHead;
}

export class FaultyRegistry implements AsyncDisposable {
  readonly content = new RegistryContent();
  readonly plan: FaultPlan;
  readonly gatekeeper: Gatekeeper;
  /** In the order in which they came, with those that were refused. */
  readonly requests: RecordedRequest[] = [];
  /** Bytes of requests' bodies. */
  receivedBytes = 0;
  readonly #answers: Answers;
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  readonly #sockets = new Set<Socket>();

  private constructor(settings: FaultyRegistrySettings) {
    this.plan = new FaultPlan(settings.faults ?? []);
    this.gatekeeper = new Gatekeeper(settings.auth);
    this.#answers = new Answers(this.content, settings);
    const serve = (socket: Socket) => void this.#serve(socket);
    const { tls } = settings;
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server =
      tls === undefined
        ? createServer(serve)
        : createTlsServer({ cert: tls.certificate, key: tls.key }, serve);
  }

  static async start(settings: FaultyRegistrySettings = {}): Promise<FaultyRegistry> {
    const registry = new FaultyRegistry(settings);
    await new Promise<void>((resolve, reject) => {
      registry.#server.once("error", reject);
      registry.#server.listen(0, "127.0.0.1", resolve);
    });
    return registry;
  }

  /** "localhost:PORT": the domain of references. */
  get domain(): string {
    const address = this.#server.address();
    return `localhost:${typeof address === "object" ? address?.port : ""}`;
  }

  get origin(): string {
    return `${this.#scheme}://${this.domain}`;
  }

  /** The requests as "METHOD PATH", without those that find out how the registry is spoken to. */
  get lines(): string[] {
    const lines = this.requests.map(({ line }) => line);
    return lines.filter((line) => line !== "GET /v2/" && !line.endsWith(" /token"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    const reader = new HttpReader(socket);
    try {
      while (await this.#serveOne(socket, reader)) {
        // One request after the other.
      }
    } catch {
      // The client is gone: that is its right.
    }
    socket.end();
  }

  /** Whether the connection can be used again. */
  async #serveOne(socket: Socket, reader: HttpReader): Promise<boolean> {
    const head = await reader.head();
    if (head === undefined) {
      return false;
    }
    this.requests.push({ line: `${head.method} ${head.path}`, head });
    const route = routeOf(head.path);
    const action = this.plan.take(route.kind, head);
    const isCut = action?.kind === "cut-upload";
    const body = await reader.body(head, isCut ? action.afterBytes : undefined);
    this.receivedBytes += body.length;
    const answer = this.#answer(
      action?.kind === "no-range" ? withoutRange(head) : head,
      route,
      body,
    );
    if (isCut) {
      reset(socket);
      return false;
    }
    const faulty = action === undefined ? answer : faultyAnswer(answer, action, head);
    return await sendAnswer(socket, faulty, action, head.method === "HEAD");
  }

  #answer(head: RequestHead, route: Route, body: Uint8Array): Answer {
    if (route.kind === "token") {
      return this.gatekeeper.token(head, body);
    }
    const refused = this.gatekeeper.refusal(head, neededScope(head, route), this.origin);
    return refused ?? this.#answers.answer(head, route, body);
  }
}

function withoutRange(head: RequestHead): RequestHead {
  const headers = [...head.headers].filter(([name]) => name !== "range");
  return { ...head, headers: new Map(headers) };
}

function neededScope({ method }: RequestHead, { kind, repository }: Route): string {
  if (kind === "ping" || kind === "other") {
    return "";
  }
  if (kind === "catalog") {
    return "registry:catalog:*";
  }
  const writing = method === "DELETE" && kind !== "upload" ? "delete" : "push";
  const isReading = kind !== "upload" && (method === "GET" || method === "HEAD");
  return `repository:${repository}:${isReading ? "pull" : writing}`;
}
