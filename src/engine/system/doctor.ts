// doctor: everything that has to be right for containers to run, looked at and mostly tried. Nothing it
// tries is left behind.

import { O_WRONLY } from "../../abi/file.ts";
import type { Configuration } from "../../config/configuration.ts";
import { settingKeys } from "../../config/schema.ts";
import { unknownVariables } from "../../config/unknown-variables.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { type Check, note, ok, problem } from "../../host/doctor-check.ts";
import { checkKernel } from "../../host/doctor-kernel.ts";
import { checkPrograms } from "../../host/doctor-programs.ts";
import { checkUser } from "../../host/doctor-user.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { plainOptions } from "../plain-options.ts";
import { runContainer } from "../run.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { checkAppArmor } from "./doctor-apparmor.ts";
import { checkCgroups } from "./doctor-cgroups.ts";
import { checkEvents } from "./doctor-events.ts";
import { checkMounts } from "./doctor-mounts.ts";
import { checkNamespaces } from "./doctor-namespaces.ts";
import { checkClock, checkStore, failedCheck } from "./doctor-store.ts";
import { checkSupervisor } from "./doctor-supervisor.ts";
import { existingFolder } from "./scratch-folder.ts";

export type { Check, CheckStatus } from "../../host/doctor-check.ts";

/** In the order in which one depends on another. */
export async function examineHost(options: SurroundingsOptions): Promise<Check[]> {
  const { check, surroundings } = await checkSettings(options);
  const checks = [
    ...checkKernel(),
    ...checkUser(process.env, surroundings?.configuration.get("state.root")),
    check,
    ...orFailed("namespaces", checkNamespaces),
    ...orFailed("cgroups", checkCgroups),
    ...checkAppArmor(),
    ...checkPrograms(process.env["PATH"]),
    checkClock(Date.now(), Bun.file("/proc/self/exe").lastModified),
  ];
  if (surroundings === undefined) {
    return checks;
  }
  checks.push(...orFailed("store", () => checkPlaces(surroundings)));
  checks.push(...orFailed("supervisor", () => checkSupervisor(surroundings)));
  checks.push(await tryContainer(options));
  checks.push(...orFailed("events", () => [checkEvents(surroundings)]));
  return checks;
}

interface SettingsCheck {
  readonly check: Check;
  readonly surroundings: Surroundings | undefined;
}

async function checkSettings(options: SurroundingsOptions): Promise<SettingsCheck> {
  const warnings = unknownVariables(process.env);
  try {
    const onWarning = (text: string) => warnings.push(text);
    const surroundings = await readSurroundings({ ...options, onWarning });
    return { check: judgeSettings(surroundings.configuration, warnings), surroundings };
  } catch (error) {
    return { check: failedCheck("configuration", error), surroundings: undefined };
  }
}

function judgeSettings(configuration: Configuration, warnings: readonly string[]): Check {
  const name = "configuration";
  const changed = settingKeys().filter((key) => {
    configuration.get(key);
    return configuration.originOf(key).kind !== "default";
  });
  if (warnings.length > 0) {
    const isOthers = warnings.some((text) => text.includes(" is not read: "));
    const fix = isOthers
      ? "a file that counts is yours or root's, and not everybody's to write: chown, chmod o-w"
      : "`ocicat config example` lists what there is";
    return note(name, warnings.join("; "), fix);
  }
  return ok(name, changed.length === 0 ? "all defaults" : `set: ${changed.join(", ")}`);
}

function checkPlaces({ storeRoot, configuration }: Surroundings): Check[] {
  const store = checkStore(storeRoot);
  return store.status === "problem"
    ? [store]
    : [store, ...checkMounts(existingFolder(storeRoot), configuration.get("storage.format"))];
}

/** An error of one check does not hide the others. */
function orFailed(name: string, check: () => Check[]): Check[] {
  try {
    return check();
  } catch (error) {
    return [failedCheck(name, error)];
  }
}

/** The proof: the built-in hello, with what it writes thrown away. */
async function tryContainer(options: SurroundingsOptions): Promise<Check> {
  const name = "a container";
  using nowhere = new OwnedFd(open("/dev/null", O_WRONLY));
  try {
    const end = await runContainer(
      plainOptions({ kind: "hello" }, [], {
        remove: true,
        outputFd: nowhere.number,
        ...(options.storeRoot === undefined ? {} : { storeRoot: options.storeRoot }),
        ...(options.stateRoot === undefined ? {} : { stateRoot: options.stateRoot }),
      }),
    );
    const code = end.kind === "exited" ? end.code : 0;
    return code === 0 ? ok(name, "ran and ended well") : problem(name, `it ended with ${code}`);
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    return failedCheck(name, error);
  }
}
