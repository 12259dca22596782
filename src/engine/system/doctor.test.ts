import { expect, test } from "bun:test";
import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { judgeDelegation } from "./doctor-cgroups.ts";
import { userNamespaceObstacle } from "./doctor-namespaces.ts";
import { checkClock, failedCheck, judgeSpace } from "./doctor-store.ts";
import { existingFolder } from "./scratch-folder.ts";
import { attempt } from "./trial.ts";

test("a trial tells which call failed, and why", () => {
  const failure = attempt((program) => {
    program.call("getpid", []);
    program.call("chdir", [program.text("/nonexistent")]);
  });
  expect(failure).toEqual({
    call: "chdir",
    errno: Errno.ENOENT,
    text: "chdir: no such file or directory (ENOENT)",
  });
  expect(attempt((program) => program.call("getpid", []))).toBeUndefined();
});

test("the switch that forbids user namespaces is named", () => {
  const obstacle = (errno: number, settings: Record<string, string>) =>
    userNamespaceObstacle(
      { call: "unshare", errno, text: "unshare: no" },
      (path) => settings[path],
    );
  expect(
    obstacle(Errno.EPERM, {
      "/proc/sys/kernel/unprivileged_userns_clone": "0",
      "/proc/sys/user/max_user_namespaces": "100",
    }),
  ).toEqual({
    found: "kernel.unprivileged_userns_clone is 0 (unshare: no)",
    fix: "as root: sysctl -w kernel.unprivileged_userns_clone=1, and the same in /etc/sysctl.d",
  });
  const apparmor = { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1" };
  expect(obstacle(Errno.EACCES, apparmor).fix).toContain("`userns,`");
  expect(obstacle(Errno.ENOSPC, { "/proc/sys/user/max_user_namespaces": "0" }).fix).toContain(
    "user.max_user_namespaces=15000",
  );
  expect(obstacle(Errno.ENOSPC, {}).fix).toContain("raise user.max_user_namespaces");
  expect(obstacle(Errno.EINVAL, {}).fix).toContain("CONFIG_USER_NS");
  expect(obstacle(Errno.EPERM, {}).fix).toContain("seccomp");
});

test("an ordinary user's cgroups are none, closed, partly or fully given", () => {
  const directory = "/sys/fs/cgroup/user.slice";
  const judge = (writable: boolean, ...controllers: string[]) =>
    judgeDelegation({ directory, writable, controllers }, false);
  expect(judgeDelegation(undefined, false).fix).toContain("unified_cgroup_hierarchy=1");
  expect(judge(false).fix).toContain("log in through systemd");
  const closed = { directory, writable: false, controllers: [] };
  expect(judgeDelegation(closed, true)).toMatchObject({ status: "ok" });
  expect(judge(true, "memory", "pids")).toMatchObject({
    status: "note",
    found: `${directory} has no cpu`,
  });
  expect(judge(true, "cpu", "memory", "pids").status).toBe("ok");
});

test("space is enough, little or none", () => {
  const judge = (bytes: number) => {
    const { status, found } = judgeSpace("/store", bytes);
    return `${status}: ${found}`;
  };
  expect(judge(100 * 1024 ** 3)).toBe("ok: /store; 100 GiB free");
  expect(judge(1.5 * 1024 ** 3)).toBe("note: /store; 1 GiB free");
  expect(judge(5 * 1024 ** 2)).toBe("problem: /store; 5 MiB free");
});

test("a clock before the program's own time is wrong", () => {
  const now = Date.UTC(2026, 10, 29, 12);
  expect(checkClock(now, now)).toEqual({ name: "clock", status: "ok", found: "2026-11-29T12:00" });
  expect(checkClock(now, now + 3_600_000).status).toBe("ok");
  expect(checkClock(0, now)).toMatchObject({ status: "note" });
});

test("the folder above that exists", () => {
  expect(existingFolder("/tmp")).toBe("/tmp");
  expect(existingFolder("/tmp/nonexistent/a/b")).toBe("/tmp");
  expect(existingFolder("/nonexistent/a")).toBe("/");
});

test("an error becomes a check, a defect does not", () => {
  const error = new OcicatError("system", {
    operation: "open",
    subject: "it",
    reason: "no",
    hint: "try",
  });
  expect(failedCheck("x", error)).toEqual({
    name: "x",
    status: "problem",
    found: "open it: no",
    fix: "try",
  });
  const defect = new Error("a defect");
  expect(() => failedCheck("x", defect)).toThrow(defect);
});
