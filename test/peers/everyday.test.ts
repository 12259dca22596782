// What people do with containers every day, with the servers that they run: nginx, redis, postgres, cron,
// python. Needs root and mmdebstrap: the peers' lane installs it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { eventually } from "./conditions.ts";
import { EverydayPlace } from "./everyday-place.ts";
import { TerminalSession } from "./terminal.ts";

const isMissing = process.getuid?.() !== 0 || Bun.which("mmdebstrap") === null;

const REDIS = ["redis-server", "--dir", "/var/lib/redis", "--appendonly", "yes"];
const POSTGRES = "/usr/lib/postgresql/15/bin";
const DATABASE = "/var/lib/postgresql/data";

describe.skipIf(isMissing)("every day", () => {
  const place = new EverydayPlace();
  const field = (name: string, format: string) =>
    place.outputOf("inspect", "-f", format, name).trim();

  beforeAll(() => place.prepare(), 1_200_000);
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  test("nginx serves a volume on the host's network", async () => {
    const address = freeAddress();
    const configuration = join(place.folder, "nginx.conf");
    writeFileSync(configuration, nginxConfiguration(address));
    const mounts = ["-v", `${configuration}:/etc/nginx/nginx.conf:ro`, "-v", "site:/srv/site"];
    place.serve("web", ["--network", "host", ...mounts], ["nginx"]);
    writeFileSync(join(place.folder, "index.html"), "a page\n");
    place.outputOf("cp", join(place.folder, "index.html"), "web:/srv/site/");
    expect(await pageAt(address)).toBe("a page\n");
    expect(await place.logs("web", "GET / HTTP/1.1")).toContain('" 200 7 "');
    expect(place.outputOf("top", "web")).toContain("nginx: master process");
    place.inside("web", "sh", "-c", "echo another page > /srv/site/index.html");
    expect(place.call("exec", ["web", "nginx", "-s", "reload"]).status).toBe(0);
    place.outputOf("restart", "web");
    expect(await pageAt(address)).toBe("another page\n");
    expect(place.outputOf("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}")).toMatch(
      /^web \d+\n$/m,
    );
    expect(place.outputOf("diff", "web")).toContain("A /var/lib/nginx/body\n");
    place.outputOf("stop", "-t", "60", "web");
    expect(field("web", "{{.State.Status}} {{.State.ExitCode}}")).toBe("exited 0");
    expect(await fetch(`http://${address}/`).catch(() => "nobody")).toBe("nobody");
  });

  test("redis as its own user: what is in its volume outlives it", async () => {
    const flags = ["-u", "redis", "-v", "cache:/var/lib/redis", "--read-only", "-m", "256m"];
    place.serve("cache", flags, [...REDIS, "--appendfsync", "always"]);
    await place.answers("cache", "redis-cli", "ping");
    expect(place.inside("cache", "redis-cli", "set", "key", "kept")).toBe("OK\n");
    expect(place.inside("cache", "id", "-un")).toBe("redis\n");
    place.outputOf("rm", "-f", "cache");
    expect(place.outputOf("volume ls", "-q", "--filter", "dangling=true")).toContain("cache\n");
    place.serve("cache", flags, REDIS);
    await place.answers("cache", "redis-cli", "ping");
    expect(place.inside("cache", "redis-cli", "get", "key")).toBe("kept\n");
    expect(place.call("volume rm", ["cache"]).stderr).toContain("in use by cache");
    place.outputOf("stop", "-t", "60", "cache");
    expect(place.outputOf("logs", "--tail", "1", "cache")).toContain("ready to exit");
  });

  test("postgres: its cluster made, killed, brought back, stopped in order", async () => {
    const flags = ["-u", "postgres", "-v", "pg:/var/lib/postgresql", "-e", "PGHOST=/tmp"];
    const made = [`${POSTGRES}/initdb`, "--no-sync", "-A", "trust", "-D", DATABASE];
    expect(await place.output([...flags, place.services, ...made])).toContain("Success");
    const policy = ["--restart", "on-failure:5", "--stop-signal", "INT", "--shm-size", "64m"];
    const server = [`${POSTGRES}/postgres`, "-D", DATABASE, "-k", "/tmp", "-c", "jit=off"];
    place.serve("db", [...flags, ...policy], [...server, "-c", "listen_addresses="]);
    await place.answers("db", "pg_isready");
    place.inside("db", "psql", "-qc", "create table numbers (number int)");
    const sql =
      "insert into numbers select generate_series(1, 100); select sum(number) from numbers";
    const { stdout } = place.call("exec", ["-i", "db", "psql", "-qAt"], { input: sql });
    expect(stdout).toBe("5050\n");
    process.kill(livingPid(field("db", "{{.State.Pid}}")), "SIGKILL");
    await eventually("the restart", () => field("db", "{{.RestartCount}}") === "1");
    await place.answers("db", "pg_isready");
    expect(place.inside("db", "psql", "-Atc", "select count(*) from numbers")).toBe("100\n");
    place.outputOf("stop", "-t", "60", "db");
    expect(await place.logs("db", "database system is shut down")).toContain("automatic recovery");
    expect(field("db", "{{.State.ExitCode}} {{.State.Running}}")).toBe("0 false");
  });

  test("cron, without systemd", async () => {
    const entry = "@reboot root echo cron has run on $(hostname) > /proc/1/fd/1";
    const script = `echo '${entry}' > /etc/cron.d/once; exec cron -f`;
    place.serve("jobs", ["-h", "clock"], ["sh", "-c", script]);
    expect(await place.logs("jobs", "cron has run")).toBe("cron has run on clock\n");
    place.outputOf("rm", "-f", "jobs");
  });

  test("a python script with its files, variables, input, exit code", async () => {
    const folder = place.makeFolder("app");
    writeFileSync(
      join(folder, "main.py"),
      "import os, sys\nprint(sys.argv[1], os.environ['WHO'], sys.stdin.read().strip())\nsys.exit(9)\n",
    );
    writeFileSync(join(place.folder, "variables"), "# who it is for\nWHO=a friend\n");
    const flags = ["-i", "-v", "./app:/app:ro", "-w", "/app", "--env-file", "variables"];
    const words = [...flags, place.services, "python3", "main.py", "hello"];
    expect(await place.run(words, { input: "from outside\n" })).toEqual({
      status: 9,
      stdout: "hello a friend from outside\n",
      stderr: "",
    });
  });

  describe("in a box that goes on", () => {
    beforeAll(() => {
      place.serve("box", [], ["sleep", "1000"]);
    });

    test("exec -it: python at a terminal", async () => {
      const command = [place.program, "exec", ...place.flags, "-it", "box", "python3"];
      const session = new TerminalSession(command);
      await session.shows(">>> ");
      session.type("6 * 7\r");
      await session.shows("42");
      session.resize(71, 20);
      session.type("import os\rwhile os.get_terminal_size().columns != 71: pass\r\r");
      session.type("'nar' + 'row'\r");
      await session.shows("'narrow'");
      session.type("\x03");
      await session.shows("KeyboardInterrupt");
      session.type("\x04");
      expect(await session.ended()).toBe(0);
    });

    test("cp: both ways, with links and holes", () => {
      const tree = place.makeFolder("tree");
      mkdirSync(join(tree, "sub"));
      writeFileSync(join(tree, "sub/file"), "content\n");
      symlinkSync("sub/file", join(tree, "link"));
      symlinkSync("/nowhere/at/all", join(tree, "dangling"));
      writeFileSync(join(tree, "sparse"), "begins");
      truncateSync(join(tree, "sparse"), 200_000_000);
      place.outputOf("cp", tree, "box:/srv/");
      expect(place.inside("box", "cat", "/srv/tree/link")).toBe("content\n");
      expect(place.inside("box", "readlink", "/srv/tree/dangling")).toBe("/nowhere/at/all\n");
      const [size, blocks] = place
        .inside("box", "stat", "-c", "%s %b", "/srv/tree/sparse")
        .split(" ");
      expect([Number(size), Number(blocks) < 100]).toEqual([200_000_000, true]);
      const back = join(place.folder, "back");
      place.outputOf("cp", "box:/srv/tree", back);
      expect(readlinkSync(join(back, "link"))).toBe("sub/file");
      expect(readlinkSync(join(back, "dangling"))).toBe("/nowhere/at/all");
      const sparse = statSync(join(back, "sparse"));
      expect([sparse.size, sparse.blocks < 100]).toEqual([200_000_000, true]);
      place.outputOf("cp", "-L", "box:/srv/tree/link", join(place.folder, "followed"));
      expect(Bun.file(join(place.folder, "followed")).size).toBe(8);
    });

    test("diff, commit, and a container of what was committed", async () => {
      place.inside("box", "sh", "-c", "rm /etc/issue; echo kept > /etc/motd; rm -rf /srv/tree");
      expect(place.outputOf("diff", "box").split("\n")).toEqual(
        expect.arrayContaining(["C /etc", "D /etc/issue", "C /etc/motd"]),
      );
      const change = 'CMD ["cat", "/etc/motd"]';
      const id = place
        .outputOf("commit", "-q", "-m", "a note", "-c", change, "box", "made:1")
        .trim();
      expect(place.onImages("images", "--no-trunc", "-q", "made")).toBe(`${id}\n`);
      expect(await place.output(["made:1"])).toBe("kept\n");
      expect((await place.run(["made:1", "test", "-e", "/etc/issue"])).status).toBe(1);
      const step = place.onImages("history", "--format", "{{.Comment}}", "made:1").split("\n")[0];
      expect(step).toBe("a note");
    });
  });
});

/** On a part of loopback that nobody else asks for ports of: the port stays free until nginx takes it. */
function freeAddress(): string {
  const hostname = "127.113.5.1";
  using server = Bun.serve({ port: 0, hostname, fetch: () => new Response() });
  return `${hostname}:${server.port}`;
}

function nginxConfiguration(address: string): string {
  return `daemon off; pid /run/nginx.pid; error_log stderr; events {}
    http { access_log /dev/stdout; server { listen ${address}; root /srv/site; } }`;
}

function pageAt(address: string): Promise<string> {
  return eventually("the page", async () => {
    const response = await fetch(`http://${address}/`, { keepalive: false }).catch(() => undefined);
    return response?.status === 200 && response.text();
  });
}

/** Never 0, which kill(2) takes for ourselves. */
function livingPid(text: string): number {
  const pid = Number(text);
  expect(pid).toBeGreaterThan(1);
  return pid;
}
