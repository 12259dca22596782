// The id maps of a user namespace, written from outside by the process that made it: directly where
// the kernel allows that, else by newuidmap and newgidmap.

import { O_CLOEXEC, O_PATH, O_WRONLY } from "../abi/file.ts";
import type { IdMapping } from "../oci/mount.ts";
import { flags, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { awaitSuccess, cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import type { HostFacts } from "./host-facts.ts";
import type { IdMaps } from "./request.ts";

const DECIMAL_BYTES = 24;
const CAP_SETGID = 6;
const CAP_SETUID = 7;

/** Who writes the maps. */
export type MapWriterFacts = Pick<
  HostFacts,
  "privileged" | "uid" | "gid" | "idMapPrograms" | "capabilities"
>;

/** Whether setgroups(2) must be given up for the maps: an unprivileged process writes its own gid. */
export function deniesSetgroups(maps: IdMaps, facts: MapWriterFacts): boolean {
  return !mapsAnyIds(facts) && isOwnId(maps.gid, facts.gid);
}

/**
 * Over the ids of its own user namespace: rootless podman executes its runtime as root of one, where
 * newuidmap, which knows the host's ids alone, is of no use.
 */
function mapsAnyIds({
  privileged,
  capabilities,
}: Pick<HostFacts, "privileged" | "capabilities">): boolean {
  return privileged || (capabilities.has(CAP_SETUID) && capabilities.has(CAP_SETGID));
}

/** Writes both maps of the process whose pid is in `child`. */
export function writeIdMaps(
  program: ProgramBuilder,
  child: Register,
  maps: IdMaps,
  facts: MapWriterFacts,
): void {
  const { place = "linux" } = maps;
  const digits = program.space(DECIMAL_BYTES, "pid");
  program.because(`${place}.uidMappings`);
  program.control("decimal", [child, offsetOf(digits)]);
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const proc = program.call("openat", [CURRENT_DIRECTORY, program.text("/proc"), openFlags], {
    result: "proc",
  });
  const directory = program.call("openat", [proc, digits, openFlags], { result: "procPid" });
  program.because(`${place}.gidMappings`);
  if (deniesSetgroups(maps, facts)) {
    writeProcFile(program, directory, "setgroups", "deny");
  }
  writeMap({ program, directory, digits, facts }, "gid", maps.gid);
  program.because(`${place}.uidMappings`);
  writeMap({ program, directory, digits, facts }, "uid", maps.uid);
  program.close(directory);
  program.close(proc);
}

interface MapWriter {
  readonly program: ProgramBuilder;
  readonly directory: Register;
  readonly digits: ReturnType<ProgramBuilder["space"]>;
  readonly facts: MapWriterFacts;
}

function writeMap(writer: MapWriter, kind: "uid" | "gid", map: readonly IdMapping[]): void {
  const { program, facts } = writer;
  const direct = mapsAnyIds(facts) || isOwnId(map, kind === "uid" ? facts.uid : facts.gid);
  if (!direct) {
    runMapProgram(writer, kind, map);
    return;
  }
  const lines = map.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`);
  writeProcFile(program, writer.directory, `${kind}_map`, lines.join(""));
}

/** The one map that needs no privilege: a single id, the writer's own. */
function isOwnId(map: readonly IdMapping[], id: number): boolean {
  const [only] = map;
  return map.length === 1 && only?.size === 1 && only.hostID === id;
}

function writeProcFile(
  program: ProgramBuilder,
  directory: Register,
  name: string,
  text: string,
): void {
  const describes = () => `write the ${name} of the user namespace`;
  const openFlags = flags(O_WRONLY | O_CLOEXEC, OPEN_NAMES);
  const file = program.call("openat", [directory, program.text(name), openFlags], {
    result: name,
    describes,
  });
  const content = program.text(text);
  program.call("write", [file, content, content.size - 1], { describes });
  program.close(file);
}

/** newuidmap PID (CONTAINER-ID HOST-ID SIZE)...: subuid(5) says which ids it allows. */
function runMapProgram(writer: MapWriter, kind: "uid" | "gid", map: readonly IdMapping[]): void {
  const { program, digits, facts } = writer;
  const path = facts.idMapPrograms?.[kind] ?? `/usr/bin/new${kind}map`;
  const describes = () => `map the ${kind}s of the user namespace by ${path}`;
  const numbers = map.flatMap(({ containerID, hostID, size }) => [containerID, hostID, size]);
  const argv = new Uint32Array((numbers.length + 3) * 2);
  const pointers = new Map([
    [0, program.text(path)],
    [2, digits],
  ]);
  numbers.forEach((number, index) => {
    pointers.set(4 + index * 2, program.text(String(number)));
  });
  const parent = program.label();
  const child = program.fork(cloneArguments(program, {}), `new${kind}map`, parent);
  const args = program.structure(argv, `[${path}, pid, ${numbers.join(", ")}]`, pointers);
  program.call("execve", [program.text(path), args, program.stringVector([], "[]")], { describes });
  program.endFork(parent);
  awaitSuccess(program, child, () => `${describes()} (see subuid(5) and subgid(5))`);
}
