import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ocicat, ocicatRuntime } from "./programs.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./shells.ts";

const OCICAT = await ocicat();
const OCICAT_RUNTIME = await ocicatRuntime();
const PROGRAMS = [OCICAT, OCICAT_RUNTIME];

/** Runs a shell on a script in a folder of its own, where `a-file` and `a-folder` are. */
function runShell(shell: readonly string[], script: string): { code: number; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-completion-"));
  try {
    writeFileSync(join(folder, "script"), script);
    Bun.spawnSync(["mkdir", "a-folder"], { cwd: folder });
    const result = Bun.spawnSync([...shell, "script"], {
      cwd: folder,
      // Shells keep caches and histories in the home directory.
      env: { ...process.env, HOME: folder, ZDOTDIR: folder, XDG_DATA_HOME: folder },
      stderr: "inherit",
    });
    const lines = result.stdout.toString().split("\n").filter(Boolean);
    return { code: result.exitCode, lines };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What bash would offer for the last word. */
function completeInBash(words: readonly string[]): string[] {
  const [program] = words;
  const table = program === "ocicat" ? OCICAT : OCICAT_RUNTIME;
  const name = `_${program?.replace("-", "_")}`;
  const lists = {
    container: "printf 'web\\ndb\\n'",
    pod: "printf 'shop\\n'",
    image: "printf 'debian:12\\napp:1\\n'",
    volume: "printf 'data\\n'",
    secret: "printf 'password\\n'",
  };
  const script = `${bashCompletion({ ...table, lists })}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
${name}
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { code, lines } = runShell(["bash"], script);
  expect(code).toBe(0);
  return lines;
}

describe("bash", () => {
  test.each([
    [["ocicat", "expl"], ["explain"]],
    [["ocicat-runtime", "pa"], ["pause"]],
    [
      ["ocicat-runtime", "--root", "x", "create", "--pid"],
      ["--pidfd-socket", "--pid-file"],
    ],
    [["ocicat-runtime", "create", "--bundle", "a-"], ["a-folder"]],
    [
      ["ocicat-runtime", "delete", ""],
      ["web", "db"],
    ],
    [["ocicat-runtime", "delete", "--force", "w"], ["web"]],
    [["ocicat-runtime", "update", "--memory", ""], []],
    [["ocicat", "explain", ""], ["a-folder"]],
    [["ocicat-runtime", "create", ""], []],
    [["ocicat", "image", "hi"], ["history"]],
    [["ocicat", "image", "ls", "--dig"], ["--digests"]],
    [["ocicat", "image", "ls", "--no-"], ["--no-trunc"]],
    [["ocicat", "pull", "--no"], []],
    [["ocicat", "rmi", "deb"], ["debian:12"]],
    [["ocicat", "image", "rm", "-f", "a"], ["app:1"]],
    [["ocicat", "stop", "w"], ["web"]],
    [["ocicat", "volume", "rm", ""], ["data"]],
    [["ocicat", "secret", "inspect", "p"], ["password"]],
    [["ocicat", "pod", "rm", "-f", ""], ["shop"]],
    [["ocicat", "pod", "restart", "s"], ["shop"]],
    [["ocicat", "kube", "generate", ""], ["shop"]],
    // A value is no argument; what is one for another command does not count.
    [["ocicat", "run", "-v", ""], []],
    // What looks like a path of the host is one.
    [["ocicat", "run", "-v", "./a-"], ["./a-folder"]],
    [["ocicat", "cp", "web:/etc", "./a-"], ["./a-folder"]],
    [["ocicat", "cp", "w"], ["web"]],
    [["ocicat", "load", "-i", "a-"], ["a-folder"]],
    [["ocicat", "rm", "-f", "w"], ["web"]],
    [["ocicat", "ps", "--pod", "--no-"], ["--no-trunc"]],
    [["ocicat", "load", "--input", "a-"], ["a-folder"]],
  ])("%p offers %p", (words, offered) => {
    expect(completeInBash(words)).toEqual(offered);
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh (needs zsh)", () => {
  test("accepts the file", () => {
    expect(runShell(["zsh", "-n"], zshCompletion(PROGRAMS)).code).toBe(0);
  });

  test("runs it as far as describing the commands", () => {
    const script = `autoload -Uz compinit; compinit -D -u
_arguments() { print -r -- "arguments: $@"; }
compadd() { print -r -- "compadd: $@"; }
service=ocicat-runtime
${zshCompletion(PROGRAMS)}`;
    const { code, lines } = runShell(["zsh", "-f"], script);
    expect(code).toBe(0);
    expect(lines.join("\n")).toContain("--systemd-cgroup[let systemd manage the cgroups]");
  });
});

describe.skipIf(Bun.which("fish") === null)("fish (needs fish)", () => {
  test.each(PROGRAMS.map((program) => [program.name, program]))(
    "accepts the file of %s",
    (_name, program) => {
      expect(runShell(["fish", "--no-execute"], fishCompletion(program)).code).toBe(0);
    },
  );

  test("offers commands and flags", () => {
    const script = `${fishCompletion({ ...OCICAT_RUNTIME, lists: { container: "echo web" } })}
complete -C "ocicat-runtime pau"
complete -C "ocicat-runtime create --pidf"
`;
    const { lines } = runShell(["fish", "--no-config"], script);
    expect(lines).toEqual([
      "pause\tfreeze the processes of a container",
      "--pidfd-socket\treceives the process's pidfd",
    ]);
  });

  test("offers commands behind others, and images", () => {
    const script = `${fishCompletion({ ...OCICAT, lists: { image: "echo debian-12" } })}
complete -C "ocicat image hist"
complete -C "ocicat image ls --digest"
complete -C "ocicat pull --digest"
complete -C "ocicat image rm deb"
complete -C "ocicat run -e deb"
complete -C "ocicat run -v ./a-"
complete -C "ocicat cp web:/etc ./a-"
`;
    const { lines } = runShell(["fish", "--no-config"], script);
    expect(lines).toEqual([
      "history\tshow how an image was made",
      "--digests\tshow digests",
      "debian-12",
      "./a-folder/",
      "./a-folder/",
    ]);
  });
});
