// Reads `linux.seccomp`: config-linux.md, section "Seccomp". Names of system calls are not judged
// here: a profile may know more of them than this kernel.

import {
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  type SeccompAction,
} from "../seccomp.ts";
import type { Fields } from "./fields.ts";
import { UINT16_MAX } from "./ranges.ts";
import { absolutePath } from "./text-rules.ts";

export function checkSeccomp(seccomp: Fields): void {
  seccomp.required("defaultAction");
  const defaultAction = seccomp.choice("defaultAction", SECCOMP_ACTIONS);
  checkErrnoRet(seccomp, "defaultErrnoRet", defaultAction);
  if (defaultAction === "SCMP_ACT_NOTIFY") {
    seccomp.fault("defaultAction", "SCMP_ACT_NOTIFY would leave no call to tell the agent with");
  }
  seccomp.choices("architectures", SECCOMP_ARCHITECTURES);
  seccomp.choices("flags", SECCOMP_FLAGS);
  let notifies = false;
  seccomp.objects("syscalls", (syscall) => {
    notifies = checkSyscall(syscall) === "SCMP_ACT_NOTIFY" || notifies;
  });
  checkListener(seccomp, notifies);
}

function checkListener(seccomp: Fields, notifies: boolean): void {
  const hasListener = seccomp.has("listenerPath");
  seccomp.text("listenerPath", absolutePath);
  const metadata = seccomp.text("listenerMetadata");
  if (metadata !== undefined && !hasListener) {
    seccomp.fault("listenerMetadata", "needs listenerPath");
  }
  if (notifies && !hasListener) {
    seccomp.fault("listenerPath", "required for SCMP_ACT_NOTIFY");
  }
}

function checkSyscall(syscall: Fields): SeccompAction | undefined {
  syscall.required("names", "action");
  const names = syscall.texts("names");
  const action = syscall.choice("action", SECCOMP_ACTIONS);
  checkErrnoRet(syscall, "errnoRet", action);
  syscall.objects("args", checkArgument);
  if (names?.length === 0) {
    syscall.fault("names", "must name a system call");
  }
  // The runtime sends the filter's descriptor to the agent after the filter is in force.
  if (action === "SCMP_ACT_NOTIFY" && names?.includes("write") === true) {
    syscall.fault("action", 'SCMP_ACT_NOTIFY cannot be applied to "write"');
  }
  return action;
}

function checkArgument(argument: Fields): void {
  argument.required("index", "value", "op");
  argument.integer("index", 0, 5);
  argument.uint64("value");
  argument.uint64("valueTwo");
  argument.choice("op", SECCOMP_OPERATORS);
}

/** The specification: "when the action doesn't support an errno, the runtime MUST fail". */
function checkErrnoRet(owner: Fields, name: string, action: SeccompAction | undefined): void {
  const errno = owner.integer(name, 0, UINT16_MAX);
  const takesErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  if (errno !== undefined && action !== undefined && !takesErrno) {
    owner.fault(name, `${action} returns no errno`);
  }
}
