// What `ocicat doctor` says about AppArmor, where the kernel has it switched on.

import { type Check, note, ok } from "../../host/doctor-check.ts";
import { findProgram } from "../../host/find-program.ts";
import { call } from "../../sys/call.ts";
import { isAppArmorOn } from "../apparmor.ts";
import { DEFAULT_PROFILE, isLoaded } from "../apparmor-default.ts";

const NAME = "AppArmor";

export function checkAppArmor(): Check[] {
  return isAppArmorOn() ? [checkProfile()] : [];
}

function checkProfile(): Check {
  if (call("geteuid") !== 0) {
    const found =
      "an ordinary user's containers have a profile where --security-opt apparmor= names it";
    return ok(NAME, `is on; ${found}`);
  }
  if (isLoaded(DEFAULT_PROFILE)) {
    return ok(NAME, `containers have the profile ${DEFAULT_PROFILE}`);
  }
  return findProgram("apparmor_parser") === undefined
    ? note(
        NAME,
        "is on, but apparmor_parser is not installed: containers have no profile",
        "apt install apparmor (Debian, Ubuntu), zypper install apparmor-parser (SUSE)",
      )
    : ok(NAME, `the first container loads the profile ${DEFAULT_PROFILE}`);
}
