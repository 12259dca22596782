// `ocicat run` on a real image: Debian with python3, made by mmdebstrap and packed by umoci.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianLayout, IMAGE_TAG } from "../../tools/peers/images.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { RunPlace } from "./run-place.ts";

const MISSING = ["mmdebstrap", "umoci"].filter((program) => Bun.which(program) === null);
const CANNOT = process.getuid?.() !== 0 || MISSING.length > 0;
const SLOW_MS = 600_000;

/** The server of packages that this machine itself is set up to use. */
const PACKAGES_ARE_REACHABLE = !CANNOT && (await packagesAreReachable());

async function packagesAreReachable(): Promise<boolean> {
  const listing = Bun.spawnSync(["apt-get", "--print-uris", "update"]).stdout.toString();
  const uri = /'(https?:[^']+InRelease)'/.exec(listing)?.[1] ?? "";
  try {
    return (await fetch(uri, { signal: AbortSignal.timeout(20_000) })).ok;
  } catch {
    return false;
  }
}

describe.skipIf(CANNOT)("as root, with mmdebstrap and umoci: a Debian image", () => {
  const place = new RunPlace();
  let image = "";
  beforeAll(async () => {
    image = `oci:${await debianLayout()}:${IMAGE_TAG}`;
    // Unpacks it, once for all tests.
    expect(await place.output([image, "true"])).toBe("");
  }, SLOW_MS);
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  test("its command is bash, as root, in /, with its variables", async () => {
    const script = "echo $LANG $BASH_VERSION; pwd; id -un\n";
    const output = await place.output(["-i", image], { input: script });
    expect(output).toMatch(/^C\.UTF-8 5\.\d[^\n]*\n\/\nroot\n$/);
  });

  test("a bash script from a volume, with arguments, pipes and traps", async () => {
    const script = `set -euo pipefail
      trap 'echo trapped' EXIT
      for word in "$@"; do printf '%s\\n' "$word"; done | sort -r | tr a-z A-Z
      [[ $(wc -l < <(printf 'a\\nb\\n')) == 2 ]]
      exit 6`;
    writeFileSync(join(place.folder, "script"), script);
    const flags = ["-v", "./script:/script:ro"];
    const result = await place.run([...flags, image, "bash", "/script", "a b", "c"]);
    expect(result).toEqual({ status: 6, stdout: "C\nA B\ntrapped\n", stderr: "" });
  });

  test("python: threads, processes, sockets, files", async () => {
    const program = `
import concurrent.futures, hashlib, multiprocessing, os, socket, tempfile
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(sum(pool.map(lambda n: n * n, range(100))))
with multiprocessing.Pool(2) as pool:
    print(pool.map(abs, [-1, -2]))
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.sendall(b"over loopback")
print(server.accept()[0].recv(100).decode())
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x" * 1000000); file.flush()
    print(os.stat(file.name).st_size, hashlib.sha256(b"x").hexdigest()[:8])
print(os.getpid(), os.cpu_count() >= 1)
`;
    expect(await place.output(["-i", image, "python3", "-"], { input: program })).toBe(
      "328350\n[1, 2]\nover loopback\n1000000 2d711642\n1 True\n",
    );
  });

  test("a user by the image's name, in its home", async () => {
    const flags = ["--user", "www-data", "-w", "/var", "-e", "GREETING=hi"];
    const script = "id; pwd; echo $HOME $GREETING; touch /x";
    const { stdout, stderr, status } = await place.run([...flags, image, "bash", "-c", script]);
    expect(stdout).toBe(
      "uid=33(www-data) gid=33(www-data) groups=33(www-data)\n/var\n/var/www hi\n",
    );
    expect(stderr).toContain("Permission denied");
    expect(status).toBe(1);
  });

  test("the owners and modes of the image's files", async () => {
    const script = "stat -c '%U:%G %a %n' /etc/shadow /tmp /usr/bin/passwd /var/mail";
    expect(await place.output([image, "bash", "-c", script])).toBe(
      "root:shadow 640 /etc/shadow\nroot:root 1777 /tmp\nroot:root 4755 /usr/bin/passwd\nroot:mail 2775 /var/mail\n",
    );
  });

  test("memory's end: python is killed, the code is 137", async () => {
    const program = "x = bytearray(200 * 1024 * 1024); print(len(x))";
    const { status, stdout } = await place.run(["-m", "48m", image, "python3", "-c", program]);
    expect({ status, stdout }).toEqual({ status: 137, stdout: "" });
  });

  test("an interactive session: bash's prompt and history, python's prompt, ctrl-c, resize", async () => {
    const session = new TerminalSession(
      place.command(["-it", "-h", "box", "-e", "TERM=xterm", image]),
    );
    await session.shows("root@box:/# ");
    session.type("python3\r");
    await session.shows(">>> ");
    session.type("import os, time; print(os.get_terminal_size().columns, 6 * 7)\r");
    await session.shows("90 42");
    session.resize(101, 40);
    // The size comes when the holder gets to it: python waits for it.
    session.type("size = lambda: os.get_terminal_size().columns\r");
    session.type("_ = [time.sleep(.01) for _ in iter(size, 101)]; print('now', 100 + 1)\r");
    await session.shows("now 101");
    session.type("time.sleep(100)\r");
    await session.shows("time.sleep(100)");
    session.type("\x03");
    await session.shows("KeyboardInterrupt");
    session.type("\x04");
    session.type("echo back in $0\r");
    await session.shows("back in bash");
    session.type("\x1b[A");
    session.type("; exit 8\r");
    expect(await session.ended()).toBe(8);
  });

  test.skipIf(!PACKAGES_ARE_REACHABLE)(
    "with the machine's own package sources: apt-get installs a program",
    async () => {
      const sources = ["/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d"];
      const present = sources.filter((path) => exists(path));
      const flags = [
        "--network",
        "host",
        ...present.flatMap((path) => ["-v", `${path}:${path}:ro`]),
      ];
      const script = `set -e; export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update >&2
        apt-get -qq install --yes --no-install-recommends hello >&2
        hello; dpkg-query -W -f '\${Status}\\n' hello`;
      expect(await place.output([...flags, image, "bash", "-c", script])).toBe(
        "Hello, world!\ninstall ok installed\n",
      );
      const again = await place.run([image, "sh", "-c", "command -v hello"]);
      expect(again.stdout).toBe("");
    },
    SLOW_MS,
  );

  test("the layers are made once, and never written to", async () => {
    const layers = join(place.store, "layers");
    const [name = "", ...others] = readdirSync(layers);
    expect(others).toEqual([]);
    const before = statSync(join(layers, name));
    const script = "cat /etc/issue; ls /usr/share/python3 | wc -l";
    const first = await place.output([image, "sh", "-c", script]);
    const change = "echo changed > /etc/issue; rm -r /usr/share/python3";
    await place.output([image, "sh", "-c", change]);
    expect(await place.output([image, "sh", "-c", script])).toBe(first);
    expect(statSync(join(layers, name)).mtimeMs).toBe(before.mtimeMs);
  });
});

function exists(path: string): boolean {
  return Bun.spawnSync(["test", "-e", path]).exitCode === 0;
}
