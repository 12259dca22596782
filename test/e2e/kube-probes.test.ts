// Probes of kube play that ask ports, with servers in the container's own network; what follows when they fail as
// often as they may; and which of them are made when.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_TOOLS = ["nsenter", "openssl"].some((program) => Bun.which(program) === null);

/** 8443: HTTPS with a certificate that nobody signed. 50051: gRPC, where "sick" does not serve. */
const SERVERS = `
import { createServer } from "node:http2";
import { writeFileSync } from "node:fs";
const [folder] = process.argv.slice(2);
Bun.serve({
  hostname: "127.0.0.1",
  port: 8443,
  tls: { key: Bun.file(folder + "/key.pem"), cert: Bun.file(folder + "/cert.pem") },
  fetch(request) {
    const { pathname } = new URL(request.url);
    const isWell = pathname === "/well" && request.headers.get("x-asked") === "yes";
    return new Response("", { status: pathname === "/moved" ? 302 : isWell ? 200 : 503 });
  },
});
const grpc = createServer();
grpc.on("stream", (stream, headers) => {
  const chunks = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    const service = Buffer.concat(chunks).subarray(7).toString();
    if (headers[":path"] !== "/grpc.health.v1.Health/Check" || service === "unknown") {
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" });
      stream.end();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === "sick" ? 2 : 1]));
  });
});
grpc.listen(50051, "127.0.0.1", () => writeFileSync(folder + "/ready", ""));
`;

describe.skipIf(NEEDS_ROOT || NEEDS_TOOLS)("as root: probes of kube play", () => {
  const place = new ContainerPlace();
  let folder = "";
  beforeAll(() => {
    folder = place.makeFolder("servers");
    writeFileSync(join(folder, "servers.ts"), SERVERS);
    const request = "req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
    const files = ["-subj", "/CN=nobody", "-keyout", "key.pem", "-out", "cert.pem"];
    const made = Bun.spawnSync(["openssl", ...request.split(" "), ...files], { cwd: folder });
    expect(made.exitCode).toBe(0);
  });
  afterEach(async () => {
    place.reap();
    place.outputOf("pod rm", "-f", "--all");
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  function play(containers: string, policy: string): void {
    const yaml = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  restartPolicy: ${policy}
  terminationGracePeriodSeconds: 0
  containers:
${containers}`;
    const flags = ["--cgroup-parent", `octest-${process.pid}`, "-"];
    const { status, stderr } = place.call("kube play", flags, { input: yaml });
    expect([status, stderr]).toEqual([0, ""]);
  }

  /** `others`: its other probes. */
  const container = (name: string, probe: string, others: readonly string[] = []): string =>
    `  - name: ${name}
    image: ${place.image}
    command: [sleep, "1000"]
    livenessProbe: {${probe}}
${others.map((other) => `    ${other}\n`).join("")}`;

  const inspected = (name: string, format: string): string =>
    place.outputOf("inspect", "-f", format, `web-${name}`).trim();

  async function serveIn(name: string) {
    const pid = inspected(name, "{{.State.Pid}}");
    const server = [process.execPath, join(folder, "servers.ts"), folder];
    const child = Bun.spawn(["nsenter", `--net=/proc/${pid}/ns/net`, ...server], {
      stderr: "inherit",
    });
    await eventually("the servers", () => existsSync(join(folder, "ready")));
    return {
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL");
        await child.exited;
        rmSync(join(folder, "ready"));
      },
    };
  }

  const LATER = "periodSeconds: 1000, timeoutSeconds: 20";
  const HTTPS = "port: 8443, scheme: HTTPS";
  const HEADERS = 'httpHeaders: [{name: X-Asked, value: "yes"}]';

  test("HTTPS and gRPC are asked in the container's network", async () => {
    const probes: Readonly<Record<string, readonly [probe: string, output: string]>> = {
      https: [`httpGet: {${HTTPS}, path: /well, ${HEADERS}}`, ""],
      unasked: [`httpGet: {${HTTPS}, path: /well}`, "HTTP probe failed with statuscode: 503"],
      moved: [`httpGet: {${HTTPS}, path: /moved}`, ""],
      plain: ["httpGet: {port: 8443, path: /well}", "ECONNRESET"],
      grpc: ["grpc: {port: 50051}", ""],
      serving: ["grpc: {port: 50051, service: fine}", ""],
      sick: ["grpc: {port: 50051, service: sick}", 'service "sick" is not serving'],
      unknown: ["grpc: {port: 50051, service: unknown}", 'service "unknown" is not serving'],
      closed: ["grpc: {port: 50052}", "ECONNREFUSED"],
    };
    const containers = Object.entries(probes).map(([name, [probe]]) =>
      container(name, `${probe}, ${LATER}`),
    );
    play(containers.join(""), "Never");
    await using _servers = await serveIn("https");
    for (const [name, [, output]] of Object.entries(probes)) {
      const { status } = place.call("healthcheck run", [`web-${name}`]);
      const said = inspected(name, "{{(index .State.Health.Log 0).Output}}");
      expect([name, status, said]).toEqual([
        name,
        output === "" ? 0 : 1,
        expect.stringContaining(output),
      ]);
    }
  });

  test("so many failures in a row restart it, and those of the initial delay do not count", async () => {
    const failing = "exec: {command: [busybox, 'false']}, periodSeconds: 1, timeoutSeconds: 20";
    play(
      container("failing", `${failing}, failureThreshold: 2`) +
        container("young", `${failing}, failureThreshold: 1, initialDelaySeconds: 1000`),
      "Always",
    );
    const restarts = (name: string): number => Number(inspected(name, "{{.RestartCount}}"));
    await eventually("a restart", () => restarts("failing") > 0);
    const events = place.outputOf(
      "events",
      "--since",
      "1h",
      "--until",
      "0s",
      "--format",
      "{{.Actor.Attributes.name}} {{.Action}}",
    );
    const told = events.split("\n").filter((line) => line.startsWith("web-failing health"));
    expect(told[0]).toBe("web-failing health_status: unhealthy");
    expect(restarts("young")).toBe(0);
    expect(inspected("young", "{{.State.Health.Status}}")).toBe("starting");
  });

  const asks = (file: string, more: string): string =>
    `exec: {command: [busybox, test, -e, ${file}]}, periodSeconds: 1, timeoutSeconds: 20, ${more}`;

  const told = (name: string): readonly string[] => {
    const format = ["--format", "{{.Actor.Attributes.name}} {{.Action}}"];
    const events = place.outputOf("events", "--since", "1h", "--until", "0s", ...format);
    const isOfProbe = (line: string) => line.startsWith(`web-${name} `) && line.includes("_status");
    return events
      .split("\n")
      .filter(isOfProbe)
      .map((line) => line.slice(`web-${name} `.length));
  };

  test("until a startup probe succeeds there are no others, and a container is ready when all say so", async () => {
    const others = [
      `startupProbe: {${asks("/up", "failureThreshold: 1000")}}`,
      `readinessProbe: {${asks("/free", "failureThreshold: 1")}}`,
    ];
    play(container("slow", asks("/well", "failureThreshold: 1"), others), "Always");
    const { FailingStreak } = await eventually("failures of the startup probe", () => {
      const startup = JSON.parse(inspected("slow", "{{json .State.Startup}}"));
      return startup.FailingStreak > 1 ? startup : undefined;
    });
    expect(FailingStreak).toBeGreaterThan(1);
    expect(JSON.parse(inspected("slow", "{{json .State}}"))).toMatchObject({
      Health: { Status: "starting", Log: [] },
      Readiness: { Status: "starting", Log: [] },
      Ready: false,
    });
    const status = () =>
      place.outputOf("ps", "--filter", "name=web-slow", "--format", "{{.Status}}");
    expect(status()).toEndWith(" (health: starting, not ready)\n");
    place.outputOf("exec", "web-slow", "busybox", "touch", "/well", "/up");
    await eventually(
      "its health",
      () => inspected("slow", "{{.State.Health.Status}}") === "healthy",
    );
    expect(status()).toEndWith(" (healthy, not ready)\n");
    const waiting = place.start("wait", ["--condition", "ready", "web-slow"]);
    place.outputOf("exec", "web-slow", "busybox", "touch", "/free");
    expect(await new Response(waiting.stdout).text()).toBe("-1\n");
    expect(status()).toEndWith(" (healthy, ready)\n");
    const ofPod = "{{range .Containers}}{{.Name}} {{.Ready}} {{end}}";
    expect(place.outputOf("pod inspect", "-f", ofPod, "web")).toBe(
      "web-infra true web-slow true \n",
    );
    place.outputOf("exec", "web-slow", "busybox", "rm", "/free");
    await eventually(
      "that it is not ready",
      () => inspected("slow", "{{.State.Ready}}") === "false",
    );
    expect(inspected("slow", "{{.RestartCount}} {{.State.Health.Status}}")).toBe("0 healthy");
    expect(told("slow")).toEqual([
      "startup_status: healthy",
      "health_status: healthy",
      "readiness_status: ready",
      "readiness_status: unready",
    ]);
    const startups = Number(inspected("slow", "{{len .State.Startup.Log}}"));
    const last = inspected("slow", "{{(index .State.Health.Log 0).Start}}");
    await eventually(
      "more probes",
      () => inspected("slow", "{{(index .State.Health.Log 0).Start}}") !== last,
    );
    expect(inspected("slow", "{{len .State.Startup.Log}}")).toBe(String(startups));
  });

  test("a container that does not come up is restarted, or killed where nothing is restarted", async () => {
    const failing = [`startupProbe: {${asks("/up", "failureThreshold: 2")}}`];
    const never = "tcpSocket: {port: 9}, periodSeconds: 1000";
    play(container("down", never, failing), "Always");
    await eventually("a restart", () => Number(inspected("down", "{{.RestartCount}}")) > 0);
    expect(told("down")[0]).toBe("startup_status: unhealthy");
    place.outputOf("pod rm", "-f", "web");
    play(container("down", never, failing), "Never");
    await eventually("its end", () => inspected("down", "{{.State.Status}}") === "exited");
    expect(inspected("down", "{{.State.ExitCode}} {{.RestartCount}}")).toBe("137 0");
  });

  test("generating writes the probes back", () => {
    const others = [
      `startupProbe: {${asks("/up", "failureThreshold: 9, initialDelaySeconds: 4")}}`,
      "readinessProbe: {httpGet: {port: 80, path: /ready}, successThreshold: 2}",
    ];
    const live = "tcpSocket: {port: 9}, periodSeconds: 7, terminationGracePeriodSeconds: 3";
    play(container("all", live, others), "Always");
    const generated = place.outputOf("kube generate", "web");
    const probes = {
      livenessProbe: { periodSeconds: 7, terminationGracePeriodSeconds: 3 },
      startupProbe: { failureThreshold: 9, initialDelaySeconds: 4 },
      readinessProbe: { httpGet: { path: "/ready" }, successThreshold: 2 },
    };
    expect(Bun.YAML.parse(generated)).toMatchObject({ spec: { containers: [probes] } });
    place.outputOf("pod rm", "-f", "web");
    const again = place.call("kube play", ["--cgroup-parent", `octest-${process.pid}`, "-"], {
      input: generated,
    });
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(place.outputOf("kube generate", "web")).toBe(generated);
  });

  test("one whose pod is never restarted is killed", async () => {
    const probe = "tcpSocket: {port: 9}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1";
    play(container("dead", probe), "Never");
    await eventually("its end", () => inspected("dead", "{{.State.Status}}") === "exited");
    expect(inspected("dead", "{{.State.ExitCode}} {{.RestartCount}}")).toBe("137 0");
  });
});
