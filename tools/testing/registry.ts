// Debian's docker-registry for one test: on loopback, on a port of its own, its content in a folder of
// the test's. With TLS by an authority made for it, with clients' certificates, with passwords.
//
//   FOLDER/storage/           what was pushed; kept over a restart
//   FOLDER/registry.log       one line a request, in the combined log format
//   FOLDER/{ca,server,client}.{crt,key}

import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface RegistrySettings {
  /** "mutual": clients have to show a certificate of the same authority. Absent: plain HTTP. */
  readonly tls?: "server" | "mutual";
  /** Passwords by user; absent: everybody may push. */
  readonly users?: Readonly<Record<string, string>>;
  /** The upstream that it is a pull-through cache of. */
  readonly mirrorOf?: string;
}

const START_MS = 60_000;
const POLL_MS = 20;

export class TestRegistry implements AsyncDisposable {
  readonly folder: string;
  /** "localhost:PORT": the domain of references. */
  readonly domain: string;
  readonly url: string;
  readonly #child: Bun.Subprocess;

  private constructor(folder: string, url: string, child: Bun.Subprocess) {
    this.folder = folder;
    this.url = url;
    this.domain = new URL(url).host;
    this.#child = child;
  }

  static isInstalled(): boolean {
    return Bun.which("docker-registry") !== null && Bun.which("openssl") !== null;
  }

  /** Starts it on `folder`, which is made if it is not there, and waits until it answers. */
  static async start(folder: string, settings: RegistrySettings = {}): Promise<TestRegistry> {
    mkdirSync(folder, { recursive: true });
    if (settings.tls !== undefined) {
      makeCertificates(folder);
    }
    const configuration = join(folder, "registry.json");
    writeFileSync(configuration, JSON.stringify(await configurationOf(folder, settings)));
    const log = join(folder, "registry.log");
    writeFileSync(log, "");
    const output = openSync(log, "a");
    // YAML, of which JSON is a part.
    const child = Bun.spawn(["docker-registry", "serve", configuration], {
      stdin: "ignore",
      stdout: output,
      stderr: output,
      env: { PATH: process.env["PATH"] ?? "", OTEL_TRACES_EXPORTER: "none" },
    });
    const port = await portOf(child, log);
    const scheme = settings.tls === undefined ? "http" : "https";
    return new TestRegistry(folder, `${scheme}://localhost:${port}`, child);
  }

  /** The requests so far: "GET /v2/app/manifests/latest 200". */
  requests(): string[] {
    return readFileSync(join(this.folder, "registry.log"), "utf8")
      .split("\n")
      .flatMap((line) => {
        const match = /"([A-Z]+ \S+) HTTP[^"]*" (\d{3}) /.exec(line);
        return match === null ? [] : [`${match[1]} ${match[2]}`];
      });
  }

  get authorityPath(): string {
    return join(this.folder, "ca.crt");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function configurationOf(folder: string, settings: RegistrySettings): Promise<object> {
  const { tls, users, mirrorOf } = settings;
  const certificates = {
    certificate: join(folder, "server.crt"),
    key: join(folder, "server.key"),
    ...(tls === "mutual" ? { clientcas: [join(folder, "ca.crt")] } : {}),
  };
  return {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: join(folder, "storage") },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: "127.0.0.1:0",
      secret: "of a test",
      ...(tls === undefined ? {} : { tls: certificates }),
    },
    ...(users === undefined ? {} : { auth: await passwordFile(folder, users) }),
    ...(mirrorOf === undefined ? {} : { proxy: { remoteurl: mirrorOf } }),
  };
}

async function passwordFile(
  folder: string,
  users: Readonly<Record<string, string>>,
): Promise<object> {
  const hash = (password: string): Promise<string> =>
    Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
  const lines = await Promise.all(
    Object.entries(users).map(async ([user, password]) => `${user}:${await hash(password)}\n`),
  );
  const path = join(folder, "htpasswd");
  writeFileSync(path, lines.join(""));
  return { htpasswd: { realm: "test", path } };
}

function makeCertificates(folder: string): void {
  const openssl = (...parts: string[]): void => {
    const result = Bun.spawnSync(["openssl", ...parts], { cwd: folder });
    if (!result.success) {
      throw new Error(`run "openssl ${parts.join(" ")}": ${result.stderr.toString()}`);
    }
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "3650"];
  const authority = ["-subj", "/CN=authority of a test", "-keyout", "ca.key", "-out", "ca.crt"];
  openssl("req", "-x509", ...key, ...authority);
  for (const [name, usage] of [
    ["server", "serverAuth"],
    ["client", "clientAuth"],
  ]) {
    const extensions = `subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=${usage}\n`;
    writeFileSync(join(folder, `${name}.ext`), extensions);
    const files = ["-keyout", `${name}.key`, "-out", `${name}.csr`];
    openssl("req", "-new", ...key, "-subj", `/CN=${name}`, ...files);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key"],
      ...["-CAcreateserial", "-days", "3650", "-extfile", `${name}.ext`, "-out", `${name}.crt`],
    );
  }
}

/** The port that the kernel chose, from the line that says so. */
async function portOf(child: Bun.Subprocess, log: string): Promise<string> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(readFileSync(log, "utf8"))?.[1];
    if (port !== undefined) {
      return port;
    }
    await Bun.sleep(POLL_MS);
  }
  child.kill("SIGKILL");
  await child.exited;
  throw new Error(`start docker-registry: it does not listen\n${readFileSync(log, "utf8")}`);
}
