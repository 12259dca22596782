// Programs that keep passwords (docker-credential-helpers): docker-credential-NAME get, store or erase.
//
//   get     input: the server's name    output: {"ServerURL": "...", "Username": "...", "Secret": "..."}
//   store   input: that object          erase   input: the server's name
//
// A user name "<token>" says that the secret is an identity token; a helper that has nothing fails, or
// answers with an empty name and secret (docker-credential-pass). Passwords go over the program's
// standard input: its arguments are visible to everybody.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Credential } from "./credential.ts";
import { propertyOf } from "./registry-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const OUTPUT_BYTES_MAX = 1024 * 1024;
/** It may ask the user for something. */
const LONGEST_RUN_MS = 300_000;
const TOKEN_USER = "<token>";

/** What helpers print, with exit status 1, when they have nothing. */
const NOT_FOUND = /credentials not found|not exist|no credentials/i;

export class CredentialHelper {
  readonly name: string;
  readonly #environment: Environment;

  constructor(name: string, environment: Environment) {
    this.name = name;
    this.#environment = environment;
  }

  async get(server: string): Promise<Credential | undefined> {
    const { code, output } = await this.#run("get", server);
    if (code !== 0) {
      if (NOT_FOUND.test(output)) {
        return undefined;
      }
      throw this.#failure("get", server, reasonOf(output));
    }
    const answer = parse(output);
    const username = propertyOf(answer, "Username");
    const secret = propertyOf(answer, "Secret");
    if (typeof username !== "string" || typeof secret !== "string") {
      throw this.#failure(
        "get",
        server,
        "it answered with something else than a user's name and a secret",
      );
    }
    if (username === "" && secret === "") {
      return undefined;
    }
    return username === TOKEN_USER
      ? { kind: "identity-token", token: secret }
      : { kind: "password", username, password: secret };
  }

  async store(server: string, credential: Credential): Promise<void> {
    const isPassword = credential.kind === "password";
    const entry = {
      ServerURL: server,
      Username: isPassword ? credential.username : TOKEN_USER,
      Secret: isPassword ? credential.password : credential.token,
    };
    const { code } = await this.#run("store", JSON.stringify(entry));
    if (code !== 0) {
      // What it prints could repeat what it was given.
      throw this.#failure("store", server, `exit status ${code}`);
    }
  }

  /** False: it had nothing. */
  async erase(server: string): Promise<boolean> {
    const { code, output } = await this.#run("erase", server);
    if (code !== 0 && !NOT_FOUND.test(output)) {
      throw this.#failure("erase", server, reasonOf(output));
    }
    return code === 0;
  }

  async #run(action: string, input: string): Promise<{ code: number; output: string }> {
    const child = Bun.spawn([this.#path(action), action], {
      stdin: new TextEncoder().encode(input),
      stdout: "pipe",
      stderr: "ignore",
      env: { ...this.#environment },
      timeout: LONGEST_RUN_MS,
      killSignal: "SIGKILL",
    });
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of child.stdout) {
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX) {
        child.kill("SIGKILL");
        break;
      }
      parts.push(chunk);
    }
    const code = await child.exited;
    return { code, output: new TextDecoder().decode(Buffer.concat(parts)) };
  }

  /** In absolute folders of PATH only, under a name that cannot lead elsewhere. */
  #path(action: string): string {
    const folders = (this.#environment["PATH"] ?? "").split(":");
    const PATH = folders.filter((folder) => folder.startsWith("/")).join(":");
    const program = `docker-credential-${this.name}`;
    const path = /^\w[\w.-]{0,63}$/.test(this.name) ? Bun.which(program, { PATH }) : null;
    if (path === null) {
      throw this.#failure(action, program, "there is no such program in PATH");
    }
    return path;
  }

  #failure(action: string, subject: string, reason: string): OcicatError {
    return new OcicatError("unavailable", {
      operation: action,
      subject: `the credential of ${quote(subject)} by the helper ${quote(this.name)}`,
      reason,
    });
  }
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

/** The first line, without what could steer a terminal. */
function reasonOf(output: string): string {
  const line = output.trim().split("\n")[0] ?? "";
  return line.replaceAll(/[^\P{C}]+/gu, " ").slice(0, 200) || "it ended with an error";
}
