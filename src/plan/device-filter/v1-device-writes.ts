// Device rules as writes to the files of a cgroup v1 devices directory.
//
// Such a cgroup has a default, and exceptions from it. A write of "a" sets the default and drops the
// exceptions; any other write adds one or removes exactly that one. A rule that takes something away
// from a wider one the kernel ignores in silence. So the writes are not the rules one by one: they lead
// to the state that the rules describe, and rules that no state describes are refused.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { DeviceCgroupRule } from "../../oci/resources.ts";
import {
  accessLetters,
  covers,
  type DeviceKind,
  type DeviceNumbers,
  type DeviceRule,
  normalRules,
  overlaps,
} from "./device-rules.ts";

export interface DeviceWrite {
  readonly file: "devices.allow" | "devices.deny";
  readonly text: string;
}

interface Exception {
  readonly kind: DeviceKind;
  readonly major: number;
  readonly minor: number;
  access: number;
}

interface DeviceState {
  allowsByDefault: boolean;
  exceptions: Exception[];
}

/** In order, for a cgroup in any state. Throws where cgroup v1 cannot do what the rules say. */
export function v1DeviceWrites(rules: readonly DeviceCgroupRule[]): DeviceWrite[] {
  const state: DeviceState = { allowsByDefault: false, exceptions: [] };
  for (const rule of normalRules(rules)) {
    if (rule.kind === undefined) {
      state.allowsByDefault = rule.allow;
      state.exceptions = [];
    } else if (rule.allow === state.allowsByDefault) {
      removeFrom(state, rule, rule.kind);
    } else {
      addTo(state, rule, rule.kind);
    }
  }
  const { allowsByDefault, exceptions } = state;
  return [
    { file: allowsByDefault ? "devices.allow" : "devices.deny", text: "a *:* rwm" },
    ...exceptions.map((exception): DeviceWrite => {
      const file = allowsByDefault ? "devices.deny" : "devices.allow";
      return { file, text: exceptionText(exception, accessWithin(exception, exceptions)) };
    }),
  ];
}

function addTo(state: DeviceState, rule: DeviceRule, kind: DeviceKind): void {
  const { major, minor, access } = rule;
  const present = state.exceptions.find((exception) => isSame(exception, { kind, major, minor }));
  if (present === undefined) {
    state.exceptions.push({ kind, major, minor, access });
  } else {
    present.access |= access;
  }
}

function removeFrom(state: DeviceState, rule: DeviceRule, kind: DeviceKind): void {
  const removed = { kind, major: rule.major, minor: rule.minor };
  for (const exception of state.exceptions) {
    if (covers(removed, exception)) {
      exception.access &= ~rule.access;
    } else if (overlaps(removed, exception) && (exception.access & rule.access) !== 0) {
      throw cannotTakeOut(rule, exception, state.allowsByDefault);
    }
  }
  state.exceptions = state.exceptions.filter((exception) => exception.access !== 0);
}

function cannotTakeOut(
  rule: DeviceRule,
  exception: Exception,
  allowsByDefault: boolean,
): OcicatError {
  const wider = exceptionText(exception, exception.access);
  return new OcicatError("unsupported", {
    operation: "apply",
    subject: `linux.resources.devices[${rule.index}]`,
    reason: `cgroup v1 cannot make it an exception from "${wider}", which ${
      allowsByDefault ? "denies" : "allows"
    } more`,
  });
}

function isSame(left: DeviceNumbers, right: DeviceNumbers): boolean {
  return left.kind === right.kind && left.major === right.major && left.minor === right.minor;
}

/** The kernel wants one exception to grant all that is asked, so one has what wider ones grant, too. */
function accessWithin(exception: Exception, all: readonly Exception[]): number {
  return all
    .filter((other) => covers(other, exception))
    .reduce((access, other) => access | other.access, 0);
}

function exceptionText({ kind, major, minor }: DeviceNumbers, access: number): string {
  const number = (value: number): string => (value === -1 ? "*" : String(value));
  return `${kind} ${number(major)}:${number(minor)} ${accessLetters(access)}`;
}
