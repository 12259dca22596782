// Runs the programs of the OCI runtime validation suite (go-programs.ts) against a runtime.
//
// A program makes its bundles in the temporary folder, calls RUNTIME, and may leave containers and
// mounts behind. So each runs in a mount namespace and a temporary folder of its own, and
// the runtime keeps its state in a folder that is emptied afterwards.

import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandResult, must, run } from "./command.ts";
import { parseTap, type TapReport } from "./tap.ts";

/** Every program of runtime-tools 0.9.0. */
export const VALIDATION_PROGRAMS = [
  "config_updates_without_affect",
  "create",
  "default",
  "delete",
  "delete_only_create_resources",
  "delete_resources",
  "hooks",
  "hooks_stdin",
  "hostname",
  "kill",
  "kill_no_effect",
  "killsig",
  "linux_cgroups_blkio",
  "linux_cgroups_cpus",
  "linux_cgroups_devices",
  "linux_cgroups_hugetlb",
  "linux_cgroups_memory",
  "linux_cgroups_network",
  "linux_cgroups_pids",
  "linux_cgroups_relative_blkio",
  "linux_cgroups_relative_cpus",
  "linux_cgroups_relative_devices",
  "linux_cgroups_relative_hugetlb",
  "linux_cgroups_relative_memory",
  "linux_cgroups_relative_network",
  "linux_cgroups_relative_pids",
  "linux_devices",
  "linux_masked_paths",
  "linux_mount_label",
  "linux_ns_itype",
  "linux_ns_nopath",
  "linux_ns_path",
  "linux_ns_path_type",
  "linux_process_apparmor_profile",
  "linux_readonly_paths",
  "linux_rootfs_propagation",
  "linux_seccomp",
  "linux_sysctl",
  "linux_uid_mappings",
  "misc_props",
  "mounts",
  "pidfile",
  "poststart",
  "poststart_fail",
  "poststop",
  "poststop_fail",
  "prestart",
  "prestart_fail",
  "process",
  "process_capabilities",
  "process_capabilities_fail",
  "process_oom_score_adj",
  "process_rlimits",
  "process_rlimits_fail",
  "process_user",
  "root_readonly_true",
  "start",
  "state",
];

export type Validation = {
  readonly report: TapReport;
  readonly output: CommandResult;
  /** Containers that the program left; they have been deleted. */
  readonly left: readonly string[];
};

/**
 * Runs one program. `suite` is the folder of validationPrograms(); everything that the run makes is
 * below `folder`, which must not exist.
 */
export async function validate(
  suite: string,
  program: string,
  runtime: string,
  folder: string,
): Promise<Validation> {
  const bundles = join(folder, "bundles");
  await mkdir(bundles, { recursive: true });
  const wrapper = await writeWrapper(folder, runtime);
  const environment = { RUNTIME: wrapper, TMPDIR: bundles };
  const command = ["unshare", "--mount", "--propagation", "private", `./${program}`];
  try {
    const output = await run(command, { folder: suite, environment, seconds: 60 });
    const left = await deleteContainers(wrapper);
    return { report: parseTap(output.stdout, output.code), output, left };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The suite has no way to give the runtime flags. */
async function writeWrapper(folder: string, runtime: string): Promise<string> {
  const wrapper = join(folder, "runtime");
  await writeFile(wrapper, `#!/bin/sh\nexec "${runtime}" --root "${join(folder, "state")}" "$@"\n`);
  await chmod(wrapper, 0o755);
  return wrapper;
}

async function deleteContainers(wrapper: string): Promise<string[]> {
  const list = await must([wrapper, "list", "--quiet"]);
  const ids = list.split("\n").filter((id) => id !== "");
  for (const id of ids) {
    await must([wrapper, "delete", "--force", id]);
  }
  return ids;
}
