import { afterAll, expect, test } from "bun:test";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { askAs } from "./port-requests.ts";

const web = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url, headers }) => {
    const status = Number(headers.get("x-status") ?? new URL(url).pathname.slice(1));
    return new Response("", { status, headers: { location: "http://127.0.0.1:1/" } });
  },
});
afterAll(() => web.stop(true));

test.each([
  ["/200", undefined],
  ["/302", undefined],
  ["/404", "HTTP probe failed with statuscode: 404"],
])("HTTP %s", async (path, fault) => {
  expect(await askAs(["HTTP", `http://127.0.0.1:${web.port}${path}`])).toBe(fault);
});

test("HTTP with headers", async () => {
  const words = ["HTTP", `http://127.0.0.1:${web.port}/200`, "X-Status: 503"];
  expect(await askAs(words)).toBe("HTTP probe failed with statuscode: 503");
});

test("TCP", async () => {
  expect(await askAs(["TCP", "127.0.0.1", String(web.port)])).toBeUndefined();
  expect(askAs(["TCP", "127.0.0.1", "1"])).rejects.toThrow();
});

async function portOf(server: Http2Server): Promise<number> {
  return await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

test("gRPC that answers without an end is given up", async () => {
  const server = createServer();
  const part = Buffer.alloc(1000);
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    const timer = setInterval(() => stream.write(part), 1);
    stream.on("close", () => clearInterval(timer));
  });
  const port = await portOf(server);
  try {
    const answer = askAs(["GRPC", "127.0.0.1", String(port), "up"]);
    expect(answer).rejects.toThrow("the answer has more than 4096 bytes");
    await answer.catch(() => undefined);
  } finally {
    server.close();
  }
});

test("gRPC", async () => {
  const asked: string[] = [];
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const service = Buffer.concat(chunks).subarray(7).toString();
      asked.push(`${headers[":path"]} ${service}`);
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === "up" ? 1 : 2]));
    });
  });
  const port = await portOf(server);
  try {
    expect(await askAs(["GRPC", "127.0.0.1", String(port), "up"])).toBeUndefined();
    expect(await askAs(["GRPC", "127.0.0.1", String(port), "down"])).toContain("is not serving");
    expect(asked[0]).toBe("/grpc.health.v1.Health/Check up");
  } finally {
    server.close();
  }
  expect(askAs(["GRPC", "127.0.0.1", "1", ""])).rejects.toThrow();
});
