// The units that start containers after a boot, as `npm run install:to` installs them: the system's, and an
// ordinary user's. Everything is in its usual place, as it is where they are used.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { bootUnit, userBootUnit } from "../../../tools/install-to.ts";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { OCICAT } from "../../e2e/run-place.ts";
import { eventually } from "../../peers/conditions.ts";
import { IN_USER_UNIT, USER } from "../accounts.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

/** A user's systemd begins and ends twice. */
const BOOTS_TIMEOUT_MS = 2 * GUEST_TEST_TIMEOUT_MS;
const UNIT = "ocicat-boot.service";
const SYSTEM_UNIT = `/etc/systemd/system/${UNIT}`;
const USER_UNIT = `/etc/systemd/user/${UNIT}`;
const USER_MANAGER = `user@${USER.id}.service`;
const HOME_FOLDERS = [`/home/${USER.name}/.local`, "/var/lib/ocicat", "/run/ocicat"];

type Call = (...words: readonly string[]) => Promise<string>;

async function must(command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(command);
  expect([command, status, stderr]).toEqual([command, 0, ""]);
  return stdout;
}

const asRoot: Call = (...words) => must([OCICAT, ...words]);
const asUser: Call = (...words) => must(IN_USER_UNIT.command([OCICAT, ...words]));

/** First the one that would see to the end. */
async function killHolderAndInit(call: Call, store: string, name: string): Promise<void> {
  const container = await call("inspect", "-f", "{{.Id}} {{.State.Pid}}", name);
  const [id, init] = container.trim().split(" ");
  const record = await Bun.file(`${store}/containers/${id}/started.json`).json();
  process.kill(record.holderPid, "SIGKILL");
  process.kill(Number(init), "SIGKILL");
}

describe.skipIf(!isGuest("systemd"))("the unit for boots", () => {
  let folder = "";
  beforeAll(async () => {
    folder = mkdtempSync("/tmp/ocicat-boot-");
    mkdirSync(`${folder}/bin`);
    symlinkSync(OCICAT, `${folder}/bin/ocicat`);
    makeBusyboxRoot(`${folder}/root`);
    await must(["chmod", "755", folder]);
    await Bun.write(SYSTEM_UNIT, bootUnit(folder));
    await Bun.write(USER_UNIT, userBootUnit(folder));
  });
  afterAll(async () => {
    await run(["systemctl", "--global", "disable", UNIT]);
    await run(["systemctl", "stop", UNIT]);
    for (const path of [folder, SYSTEM_UNIT, USER_UNIT, ...HOME_FOLDERS]) {
      rmSync(path, { recursive: true, force: true });
    }
    await run(["systemctl", "daemon-reload"]);
  });

  const start = (call: Call, name: string, policy: string, ...command: readonly string[]) => {
    const flags = ["--name", name, "--restart", policy, "--stop-signal", "USR1"];
    const words = command.length === 0 ? ["/bin/sleep", "600"] : command;
    return call("run", "-d", ...flags, "--rootfs", `${folder}/root`, ...words);
  };
  /** Heeds its stop signal alone. */
  const POLITE =
    "trap '' TERM; trap 'echo asked; exit 0' USR1; echo up; while :; do sleep 0.1; done";
  const running = async (call: Call) => (await call("ps", "--format", "{{.Names}}")).trim();

  test("starts root's that have a restart policy, and lets them be when it is restarted", async () => {
    await start(asRoot, "always", "always");
    await start(asRoot, "never", "no");
    for (const name of ["always", "never"]) {
      await killHolderAndInit(asRoot, "/var/lib/ocicat", name);
    }
    rmSync("/run/ocicat", { recursive: true });
    await must(["systemctl", "daemon-reload"]);
    await must(["systemctl", "start", UNIT]);
    expect(await running(asRoot)).toBe("always");
    const pid = await asRoot("inspect", "-f", "{{.State.Pid}}", "always");
    await must(["systemctl", "restart", UNIT]);
    expect(await asRoot("inspect", "-f", "{{.State.Pid}}", "always")).toBe(pid);
    await asRoot("rm", "-f", "always", "never");
  });

  test("ends root's as they want to where the system is going down", async () => {
    await start(asRoot, "polite", "unless-stopped", "/bin/sh", "-c", POLITE);
    await eventually("it to run", async () => (await asRoot("logs", "polite")) === "up\n");
    await Bun.write(`${folder}/systemctl`, "#!/bin/sh\necho stopping\n");
    await must(["chmod", "755", `${folder}/systemctl`]);
    // The machine itself stays: the unit is told otherwise.
    const stopping = bootUnit(folder).replace("$$(systemctl ", `$$(${folder}/systemctl `);
    await Bun.write(SYSTEM_UNIT, stopping);
    await must(["systemctl", "daemon-reload"]);
    await must(["systemctl", "stop", UNIT]);
    expect(await running(asRoot)).toBe("");
    await must(["systemctl", "start", UNIT]);
    await eventually("it to run again", async () => {
      return (await asRoot("logs", "polite")) === "up\nasked\nup\n";
    });
    await asRoot("rm", "-f", "polite");
    await Bun.write(SYSTEM_UNIT, bootUnit(folder));
    await must(["systemctl", "daemon-reload"]);
  });

  test(
    "starts a lingering user's when the user's systemd begins",
    async () => {
      await must(["chown", "-R", `${USER.id}:${USER.id}`, folder]);
      await must(["systemctl", "--quiet", "--global", "enable", UNIT]);
      await must(["loginctl", "enable-linger", USER.name]);
      await start(asUser, "always", "always");
      // systemd would wait ten seconds for them.
      await killHolderAndInit(asUser, `/home/${USER.name}/.local/share/ocicat`, "always");
      await must(["loginctl", "disable-linger", USER.name]);
      await must(["systemctl", "stop", USER_MANAGER]);
      await must(["loginctl", "enable-linger", USER.name]);
      await eventually("its start", async () => (await running(asUser)) !== "");
      expect(await running(asUser)).toBe("always");
      await asUser("rm", "-f", "always");
      await must(["loginctl", "disable-linger", USER.name]);
    },
    BOOTS_TIMEOUT_MS,
  );

  test(
    "ends a user's as they want to where the user's systemd ends",
    async () => {
      await must(["chown", "-R", `${USER.id}:${USER.id}`, folder]);
      await must(["systemctl", "--quiet", "--global", "enable", UNIT]);
      await must(["loginctl", "enable-linger", USER.name]);
      await start(asUser, "polite", "unless-stopped", "/bin/sh", "-c", POLITE);
      const logs = () => asUser("logs", "polite");
      await eventually("it to run", async () => (await logs()) === "up\n");
      await must(["loginctl", "disable-linger", USER.name]);
      await must(["systemctl", "stop", USER_MANAGER]);
      await must(["loginctl", "enable-linger", USER.name]);
      await eventually("it to run again", async () => (await logs()) === "up\nasked\nup\n");
      expect(await running(asUser)).toBe("polite");
      await asUser("rm", "-f", "polite");
      await must(["loginctl", "disable-linger", USER.name]);
    },
    BOOTS_TIMEOUT_MS,
  );
});
