// Reads the id maps of a user namespace. The kernel tells those of a process alone: so one joins it and waits
// while its maps are read.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { IdMapping } from "../../oci/mount.ts";
import { joinNamespaces } from "../../plan/namespaces.ts";
import { REPORT_READY } from "../../plan/reports.ts";
import { named, offsetOf, ProgramBuilder, REPORT_REGISTER } from "../../program/builder.ts";
import { REPORT_FAILED } from "../../program/opcodes.ts";
import { failureOf } from "../../runtime/program-failure.ts";
import { launchProgram } from "../../stage/launch.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { readTextFile } from "../../sys/file.ts";
import type { IdMaps } from "../run-spec.ts";

/** `path`: of a user namespace that is not ours. */
export function readIdMaps(path: string): IdMaps {
  const program = new ProgramBuilder(hostArchitecture);
  joinNamespaces(program, [{ type: "user", path, reason: "--userns" }]);
  program.control("report", [named(REPORT_READY, "READY"), 0]);
  program.control("receive", [REPORT_REGISTER, offsetOf(program.space(8, "answer")), 8]);
  program.control("exit", [0]);
  const compiled = program.finish();
  using stage = launchProgram(compiled);
  const report = stage.receive();
  try {
    if (report === undefined || report.kind === REPORT_FAILED) {
      throw report === undefined ? silent(path) : failureOf(compiled, report);
    }
    return {
      uid: parseMap(readTextFile(`/proc/${stage.pid}/uid_map`)),
      gid: parseMap(readTextFile(`/proc/${stage.pid}/gid_map`)),
    };
  } finally {
    stage.awaitEnd();
  }
}

function silent(path: string): OcicatError {
  return new OcicatError("system", {
    operation: "join",
    subject: `the user namespace of ${quote(path)}`,
    reason: "nobody answered",
  });
}

/** Lines of three numbers: user_namespaces(7). */
export function parseMap(text: string): IdMapping[] {
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [containerID = 0, hostID = 0, size = 0] = line.trim().split(/\s+/).map(Number);
      return { containerID, hostID, size };
    });
}
