import { afterAll, expect, test } from "bun:test";
import { createServer, type ServerHttp2Stream } from "node:http2";
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
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  try {
    expect(await askAs(["GRPC", "127.0.0.1", String(port), "up"])).toBeUndefined();
    expect(await askAs(["GRPC", "127.0.0.1", String(port), "down"])).toContain("is not serving");
    expect(asked[0]).toBe("/grpc.health.v1.Health/Check up");
  } finally {
    server.close();
  }
  expect(askAs(["GRPC", "127.0.0.1", "1", ""])).rejects.toThrow();
});
