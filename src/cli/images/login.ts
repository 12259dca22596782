// login: keeps a password for a registry, once the registry has accepted it.

import { loggedInAs, loginToRegistry } from "../../engine/images/registry-login.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readAll } from "../../sys/file.ts";
import { decodeText } from "../../sys/memory.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { ask, askSecret, canAsk } from "../terminal/ask.ts";
import { writeError, writeOutput } from "../write-text.ts";
import { imageOptions } from "./image-flags.ts";
import { authFile, REGISTRY_FLAGS, tlsVerify } from "./registry-flags.ts";

const LOGIN_FLAGS = {
  "get-login": { kind: "switch", help: "show who is logged in, and do nothing" },
  password: { kind: "text", aliases: ["p"], value: "PASSWORD", help: "others can see it" },
  "password-stdin": { kind: "switch", help: "read the password from standard input" },
  verbose: { kind: "switch", aliases: ["v"], help: "for podman's sake: it says where it is kept" },
  username: { kind: "text", aliases: ["u"], value: "USER", help: "asked for where it is missing" },
  ...REGISTRY_FLAGS,
} as const satisfies FlagTable;

type LoginFlags = FlagsOf<typeof LOGIN_FLAGS>;

export const login = defineCommand({
  usage: ["[FLAGS] [REGISTRY[/REPOSITORY]]"],
  about: `Keeps a user name and a password for a registry, once the registry has accepted them, in the files
that docker, podman and skopeo have, or in the program that these are set up to ask.`,
  flags: LOGIN_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_REGISTRY_FLAGS,
  args: { min: 0, max: 1 },
  examples: [
    "ocicat login registry.example",
    "pass registry | ocicat login -u me --password-stdin registry.example",
  ],
  act: loginCommand,
  failureCode: workFailureCode,
});

async function loginCommand(flags: LoginFlags): Promise<number> {
  const [registry] = flags.args;
  const options = { ...imageOptions(undefined), authFile: authFile(flags.text("authfile")) };
  const known = await loggedInAs(registry, options);
  if (flags.switch("get-login")) {
    return showLogin(known, registry);
  }
  const username = flags.text("username") ?? askName(known);
  const password = flags.text("password") ?? givenPassword(flags);
  const tls = tlsVerify(flags);
  const place = await loginToRegistry(registry, { ...options, username, password, tlsVerify: tls });
  const where = place.kind === "file" ? place.path : `the helper ${place.name}`;
  writeError(`The password is kept in ${where}.\n`);
  writeOutput("Login Succeeded\n");
  return 0;
}

function showLogin(known: string | undefined, registry: string | undefined): number {
  if (known === undefined) {
    throw new OcicatError("not-found", {
      operation: "show",
      subject: `the login${registry === undefined ? "" : ` to ${registry}`}`,
      reason: "nobody is logged in there",
    });
  }
  writeOutput(`${known}\n`);
  return 0;
}

function askName(known: string | undefined): string {
  const offered = known === undefined ? "" : ` (${known})`;
  const answer = canAsk() ? (ask(`Username${offered}: `) ?? "").trim() : "";
  const name = answer === "" ? known : answer;
  if (name === undefined) {
    throw missing("the user name", "give it with --username");
  }
  return name;
}

function givenPassword(flags: LoginFlags): string {
  if (flags.switch("password-stdin")) {
    return withoutNewline(decodeText(readAll(0, "standard input")));
  }
  const answer = canAsk() ? askSecret("Password: ") : undefined;
  if (answer === undefined || answer === "") {
    throw missing("the password", "give it with --password-stdin");
  }
  return answer;
}

/** What `echo` puts behind it. */
function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function missing(what: string, hint: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "log in",
    subject: "to the registry",
    reason: canAsk() ? `${what} is empty` : `nobody can be asked for ${what}`,
    hint,
  });
}
