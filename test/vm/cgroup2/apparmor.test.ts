// AppArmor, which the guest's kernel has switched on: the profile that containers have unless another one is
// asked for, those that users ask for, and config.json's.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { type CommandResult, run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const OCICAT = `${import.meta.dir}/../../../dist/ocicat`;
const PROFILE = "ocicat-default-1";
const CURRENT = "/proc/self/attr/apparmor/current";

async function loadProfile(text: string): Promise<void> {
  const parser = Bun.spawn(["apparmor_parser", "--replace", "--skip-cache"], {
    stdin: new TextEncoder().encode(text),
    stderr: "pipe",
  });
  const complaint = await new Response(parser.stderr).text();
  expect({ status: await parser.exited, complaint }).toEqual({ status: 0, complaint: "" });
}

describe.skipIf(!isGuest("cgroup2"))("AppArmor", () => {
  let folder = "";
  let bundle: TestContainer;

  const ocicat = (...words: string[]): Promise<CommandResult> => {
    const places = ["--store", `${folder}/store`, "--root", `${folder}/state`];
    return run([OCICAT, words[0] ?? "", ...places, ...words.slice(1)]);
  };
  const runInside = (flags: string[], ...command: string[]): Promise<CommandResult> =>
    ocicat("run", "--rm", ...flags, "--rootfs", `${bundle.folder}/rootfs`, ...command);

  beforeAll(async () => {
    folder = mkdtempSync("/tmp/ocicat-apparmor-");
    bundle = await TestContainer.make();
  });
  afterAll(async () => {
    await bundle[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test("the first container loads the default profile, and doctor says so", async () => {
    expect(await runInside([], "cat", CURRENT)).toEqual({
      status: 0,
      stdout: `${PROFILE} (enforce)\n`,
      stderr: "",
    });
    expect((await ocicat("doctor")).stdout).toContain(`containers have the profile ${PROFILE}`);
  });

  test("it holds where capabilities and masks do not", async () => {
    const weak = ["--cap-add", "SYS_ADMIN", "--security-opt", "systempaths=unconfined"];
    const script =
      "mount -t tmpfs none /tmp; echo h > /proc/sysrq-trigger; echo x > /proc/sys/kernel/hostname; " +
      "cat /sys/kernel/security/apparmor/profiles; echo 1 > /proc/sys/kernel/shm_rmid_forced && echo fine";
    const kept = await runInside(weak, "sh", "-c", script);
    expect(kept.stdout).toBe("fine\n");
    expect(kept.stderr.match(/denied/g)).toHaveLength(3);
    const free = ["--security-opt", "apparmor=unconfined"];
    const command = "mount -t tmpfs none /tmp && echo x > /proc/sys/kernel/hostname && hostname";
    expect(await runInside([...weak, ...free], "sh", "-c", command)).toEqual({
      status: 0,
      stdout: "x\n",
      stderr: "",
    });
  });

  test("a privileged container has none, and one with another profile has that", async () => {
    const privileged = await runInside(["--privileged"], "cat", CURRENT);
    expect(privileged.stdout).toBe("unconfined\n");
    await loadProfile("profile vm-quiet flags=(attach_disconnected) { file, deny /etc/** w, }");
    const chosen = ["--security-opt", "apparmor=vm-quiet"];
    const other = await runInside(chosen, "sh", "-c", `cat ${CURRENT}; echo > /etc/x`);
    expect(other.stdout).toBe("vm-quiet (enforce)\n");
    expect(other.stderr).toContain("/etc/x");
    const unknown = await runInside(["--security-opt", "apparmor=vm-none"], "true");
    expect(unknown.status).toBe(125);
    expect(unknown.stderr).toContain("vm-none");
    expect(unknown.stderr).toContain("no profile of this name is loaded");
  });

  test("exec is confined too, inspect tells the profile, and stop and rm reach the container", async () => {
    const places = ["--rootfs", `${bundle.folder}/rootfs`];
    expect((await ocicat("run", "-d", "--name", "vm", ...places, "sleep", "60")).status).toBe(0);
    expect((await ocicat("exec", "vm", "cat", CURRENT)).stdout).toBe(`${PROFILE} (enforce)\n`);
    const inspected = await ocicat("inspect", "-f", "{{.AppArmorProfile}}", "vm");
    expect(inspected.stdout).toBe(`${PROFILE}\n`);
    expect(await ocicat("rm", "-f", "-t", "0", "vm")).toMatchObject({ status: 0, stderr: "" });
  });

  test("config.json's profile is that of the container and of what is added to it", async () => {
    // Without "unix" the kernel takes the sockets away that this test reads from.
    await loadProfile("profile vm-spec flags=(attach_disconnected) { file, capability, unix, }");
    await using container = await TestContainer.start({ process: { apparmorProfile: "vm-spec" } });
    const found = await run(["cat", `/proc/${container.pid}/attr/apparmor/current`]);
    expect(found.stdout).toBe("vm-spec (enforce)\n");
    const added = await container.exec("cat", CURRENT);
    expect(added).toEqual({ status: 0, stdout: "vm-spec (enforce)\n", stderr: "" });
  });

  test("where securityfs is not mounted, as in containers of others, nobody speaks of it", async () => {
    expect((await run(["umount", "/sys/kernel/security"])).status).toBe(0);
    const plain = await runInside([], "cat", CURRENT);
    const mounted = await run(["mount", "-t", "securityfs", "security", "/sys/kernel/security"]);
    expect(mounted.status).toBe(0);
    expect(plain).toEqual({ status: 0, stdout: "unconfined\n", stderr: "" });
  });
});
