// Debian's podman on the runtime under test, by an ordinary user: podman makes a user namespace with the
// user's lent ids and executes the runtime as root of it. Needs root, to become that user.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, run } from "../../tools/peers/command.ts";
import { makeBusyboxRoot } from "../e2e/busybox-image.ts";
import { LENT, OrdinaryUser, USER_ID } from "../e2e/ordinary-user.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import { Workspace } from "./workspace.ts";

const isMissing = process.getuid?.() !== 0 || !existsSync("/usr/bin/podman");

const SETTINGS = ["--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--events-backend=file"];
/** A root without CAP_SYS_RESOURCE cannot raise what podman raises. */
const LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];

class UsersPodman {
  readonly home: string;
  readonly #command: readonly string[];
  readonly #root: string;

  constructor(folder: string) {
    this.home = join(folder, "home");
    this.#root = join(folder, "root");
    mkdirSync(this.#root);
    makeBusyboxRoot(this.#root);
    const user = new OrdinaryUser({ folder });
    user.takeOver();
    const groups = join(folder, "group");
    writeFileSync(groups, `${readFileSync("/etc/group", "utf8")}octest:x:${USER_ID}:\n`);
    const namesGroup = `mount --bind ${groups} /etc/group; exec "$@"`;
    const asUser = ["unshare", "--mount", "sh", "-c", namesGroup, "sh", ...user.prefix("lent")];
    const runtime = user.executable(RUNTIME);
    this.#command = [...asUser, "podman", ...SETTINGS, `--runtime=${runtime}`];
  }

  async must(...words: string[]): Promise<string> {
    return (await must([...this.#command, ...words])).trimEnd();
  }

  async makeImage(): Promise<string> {
    const archive = `${this.#root}.tar`;
    await must(["tar", "--owner=0", "--group=0", "-C", this.#root, "-cf", archive, "."]);
    return this.must("import", "--quiet", archive, "busybox");
  }

  async end(): Promise<void> {
    await run([...this.#command, "rm", "--all", "--force", "--time=0"]);
    // Those files belong to lent ids.
    await run([...this.#command, "unshare", "rm", "-rf", join(this.home, ".local")]);
    await run([...this.#command, "system", "migrate"]);
  }
}

describe.skipIf(isMissing)("podman --runtime, by an ordinary user", () => {
  let workspace: Workspace;
  let podman: UsersPodman;
  let image: string;

  beforeAll(async () => {
    // A short name: podman takes no folder of runs longer than 50 characters when it cleans up, and then waits
    // for 20 s.
    workspace = await Workspace.make("own");
    podman = new UsersPodman(workspace.folder);
    image = await podman.makeImage();
  });

  afterAll(async () => {
    await podman.end();
    const leftovers = await workspace.leftovers();
    await workspace.remove();
    expect(leftovers).toEqual([]);
  }, 180_000);

  const inContainer = (flags: readonly string[], script: string): Promise<string> =>
    podman.must("run", "--rm", "--network=none", ...LIMITS, ...flags, image, "sh", "-c", script);
  const map = "tr -s ' ' </proc/self/uid_map";

  test("a container in podman's own user namespace has devices, and the user as its root", async () => {
    const lines = (await inContainer([], `id -u; echo gone >/dev/null; ${map}`)).split("\n");
    const lent = ` 1 ${LENT.start} ${LENT.count}`;
    expect(lines).toEqual(["0", ` 0 ${USER_ID} 1`, lent]);
  });

  test("--userns keep-id: a namespace within that one", async () => {
    const lines = (await inContainer(["--userns=keep-id"], `id -u; ${map}`)).split("\n");
    expect(lines.slice(0, 3)).toEqual([`${USER_ID}`, ` 0 1 ${USER_ID}`, ` ${USER_ID} 0 1`]);
  });

  test("--userns auto, without capabilities, as another user, read-only", async () => {
    const flags = ["--userns=auto", "--cap-drop=all", "--user=5:6", "--read-only"];
    expect(await inContainer(flags, "id -u; id -g; touch /x 2>/dev/null || echo no")).toBe(
      "5\n6\nno",
    );
  });

  test("one that goes on is listed, takes others in, and is removed; its state is the user's", async () => {
    const words = ["--network=none", ...LIMITS, "--name=kept", image, "sleep", "1000"];
    const id = await podman.must("run", "--detach", ...words);
    expect(readdirSync(join(podman.home, "ocicat"))).toContain(id);
    expect(await podman.must("exec", "kept", "id", "-u")).toBe("0");
    expect(await podman.must("exec", "--tty", "kept", "tty")).toBe("/dev/pts/0");
    expect(await podman.must("ps", "--format={{.Names}}")).toBe("kept");
    await podman.must("rm", "--force", "--time=0", "kept");
    expect(readdirSync(join(podman.home, "ocicat"))).not.toContain(id);
  });
});
