// Reads `process`: config.md, section "Process"; sched_setattr(2), ioprio_set(2), getrlimit(2).

import {
  CAPABILITIES,
  CAPABILITY_SETS,
  IO_PRIORITY_CLASSES,
  RLIMIT_TYPES,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
} from "../process.ts";
import type { Fields } from "./fields.ts";
import { UINT16_MAX, UINT32_MAX } from "./ranges.ts";
import { shown } from "./scalars.ts";
import { absolutePath, environmentVariable, numberList } from "./text-rules.ts";

export function checkProcess(process: Fields): void {
  process.required("args", "cwd");
  process.flag("terminal");
  process.object("consoleSize", checkConsoleSize);
  process.fillIn("user", { uid: 0, gid: 0 });
  process.object("user", checkUser);
  const args = process.texts("args");
  if (args?.length === 0 || args?.[0] === "") {
    process.fault("args", "must name a program");
  }
  process.texts("env", environmentVariable);
  process.text("cwd", absolutePath);
  process.object("capabilities", checkCapabilities);
  checkRlimits(process);
  process.flag("noNewPrivileges");
  process.text("apparmorProfile");
  process.text("selinuxLabel");
  process.integer("oomScoreAdj", -1000, 1000);
  process.object("scheduler", checkScheduler);
  process.object("ioPriority", checkIoPriority);
  process.object("execCPUAffinity", checkExecCpuAffinity);
}

function checkConsoleSize(size: Fields): void {
  size.required("height", "width");
  size.integer("height", 0, UINT16_MAX);
  size.integer("width", 0, UINT16_MAX);
}

function checkUser(user: Fields): void {
  user.required("uid", "gid");
  user.integer("uid", 0, UINT32_MAX);
  user.integer("gid", 0, UINT32_MAX);
  user.integer("umask", 0, 0o777);
  user.integers("additionalGids", 0, UINT32_MAX);
}

const KNOWN_CAPABILITIES: ReadonlySet<string> = new Set(CAPABILITIES);

/** Names that Linux does not know are no fault: the specification wants a warning. */
function checkCapabilities(capabilities: Fields): void {
  for (const set of CAPABILITY_SETS) {
    let index = 0;
    for (const name of capabilities.texts(set) ?? []) {
      if (!KNOWN_CAPABILITIES.has(name)) {
        capabilities.warn(set, `unknown capability ${shown(name)} is ignored`, index);
      }
      index += 1;
    }
  }
}

function checkRlimits(process: Fields): void {
  const seen = new Set<string>();
  process.objects("rlimits", (rlimit) => {
    rlimit.required("type", "hard", "soft");
    const type = rlimit.choice("type", RLIMIT_TYPES);
    if (type !== undefined && seen.has(type)) {
      rlimit.fault("type", `${shown(type)} occurs twice`);
    }
    seen.add(type ?? "");
    const hard = rlimit.uint64("hard");
    const soft = rlimit.uint64("soft");
    if (hard !== undefined && soft !== undefined && soft > hard) {
      rlimit.fault("soft", `${soft} is above the hard limit ${hard}`);
    }
  });
}

function checkScheduler(scheduler: Fields): void {
  scheduler.required("policy");
  const policy = scheduler.choice("policy", SCHEDULER_POLICIES);
  scheduler.integer("nice", -20, 19);
  scheduler.choices("flags", SCHEDULER_FLAGS);
  if (policy === "SCHED_FIFO" || policy === "SCHED_RR") {
    scheduler.required("priority");
    scheduler.integer("priority", 1, 99);
  } else {
    mustBeZero(scheduler, ["priority"], "SCHED_FIFO or SCHED_RR");
  }
  if (policy === "SCHED_DEADLINE") {
    checkDeadline(scheduler);
  } else {
    mustBeZero(scheduler, ["runtime", "deadline", "period"], "SCHED_DEADLINE");
  }
}

function mustBeZero(scheduler: Fields, names: readonly string[], policies: string): void {
  for (const name of names) {
    const value = scheduler.uint64(name);
    if (value !== undefined && value > 0) {
      scheduler.fault(name, `needs the policy ${policies}`);
    }
  }
}

/** The kernel's __checkparam_dl: runtime <= deadline <= period, where period 0 is the deadline. */
function checkDeadline(scheduler: Fields): void {
  scheduler.required("runtime", "deadline");
  const runtime = scheduler.uint64("runtime") ?? 0;
  const deadline = scheduler.uint64("deadline") ?? 0;
  const period = scheduler.uint64("period") ?? 0;
  if (runtime > deadline) {
    scheduler.fault("runtime", `${runtime} is above the deadline ${deadline}`);
  }
  if (period > 0 && deadline > period) {
    scheduler.fault("deadline", `${deadline} is above the period ${period}`);
  }
}

function checkIoPriority(priority: Fields): void {
  priority.required("class", "priority");
  priority.choice("class", IO_PRIORITY_CLASSES);
  priority.integer("priority", 0, 7);
}

function checkExecCpuAffinity(affinity: Fields): void {
  affinity.text("initial", numberList);
  affinity.text("final", numberList);
}
