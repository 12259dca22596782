// What is asked of a port, from within the network that it is in. Each answers undefined where all is well,
// else what is wrong, in Kubernetes' words.

import { connect } from "node:http2";
import { OcicatError } from "../../error/ocicat-error.ts";

/** `words`: of the forms that port-probe.ts has. */
export async function askAs(words: readonly string[]): Promise<string | undefined> {
  const [kind, first = "", second = "", third = ""] = words;
  switch (kind) {
    case "HTTP":
      return await askHttp(first, words.slice(2));
    case "TCP":
      return await askTcp(first, Number(second));
    case "GRPC":
      return await askGrpc(`http://${first}:${second}`, third);
    default:
      throw new OcicatError("invalid-argument", {
        operation: "ask",
        subject: "a port",
        reason: "the kind of request is none of HTTP, TCP, GRPC",
      });
  }
}

const LOWEST_GOOD = 200;
const LOWEST_BAD = 400;

/** A redirection counts as an answer. Certificates are not checked, as Kubernetes has it. */
async function askHttp(url: string, headers: readonly string[]): Promise<string | undefined> {
  const pairs = headers.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const response = await fetch(url, {
    headers: pairs,
    redirect: "manual",
    tls: { rejectUnauthorized: false },
  });
  await response.body?.cancel();
  const { status } = response;
  return status >= LOWEST_GOOD && status < LOWEST_BAD
    ? undefined
    : `HTTP probe failed with statuscode: ${status}`;
}

async function askTcp(hostname: string, port: number): Promise<undefined> {
  const socket = await Bun.connect({ hostname, port, socket: { data: () => undefined } });
  socket.end();
}

const FRAME_HEAD_BYTES = 5;
/** A HealthCheckResponse has a few bytes; who answers may be hostile, and never come to an end. */
const ANSWER_BYTES_MAX = 4096;
/** Of HealthCheckResponse: field 1, SERVING. */
const SERVING = [0x08, 0x01];

/** grpc.health.v1.Health/Check; a message is a byte 0, its length in four, and protobuf. */
async function askGrpc(origin: string, service: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const session = connect(origin);
  session.on("error", reject);
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const chunks: Buffer[] = [];
  let room = ANSWER_BYTES_MAX;
  stream.on("data", (chunk: Buffer) => {
    room -= chunk.length;
    if (room < 0) {
      reject(new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`));
      session.destroy();
    } else {
      chunks.push(chunk);
    }
  });
  stream.on("error", reject);
  stream.on("end", () => resolve(Buffer.concat(chunks)));
  stream.end(checkRequest(service));
  try {
    const answer = await promise;
    const message = [...answer.subarray(FRAME_HEAD_BYTES)];
    const isServing = SERVING.every((byte, index) => message[index] === byte);
    return isServing ? undefined : `service ${JSON.stringify(service)} is not serving`;
  } finally {
    session.destroy();
  }
}

/** HealthCheckRequest: field 1, the service's name, of less than 128 bytes. */
function checkRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
