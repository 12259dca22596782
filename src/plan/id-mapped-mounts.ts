// A user namespace that exists only to say how a mount maps ids: a short-lived child is cloned into it,
// its maps are written, the namespace is opened, the child is let go.

import { O_CLOEXEC, O_PATH } from "../abi/file.ts";
import { CLONE_NEWUSER } from "../abi/process.ts";
import type { Mount } from "../oci/mount.ts";
import { flags, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { type MapWriterFacts, writeIdMaps } from "./id-maps.ts";
import { openSocketPair } from "./messages.ts";
import { setIdMap } from "./mount-attributes.ts";
import type { IdMaps } from "./request.ts";

const DECIMAL_BYTES = 24;

/** Maps the ids of a detached mount as its own mappings say, or else the container's. */
export function mapMountIds(context: PlanContext, tree: Register, mapped: MappedMount): void {
  const { mount, index, recursive } = mapped;
  const { program, request } = context;
  const { uidMappings, gidMappings } = mount;
  if (uidMappings === undefined && gidMappings === undefined) {
    setIdMap(program, tree, ownIdMap(context), recursive);
    return;
  }
  const { linux } = request.spec;
  const maps = {
    uid: uidMappings ?? linux?.uidMappings ?? [],
    gid: gidMappings ?? linux?.gidMappings ?? [],
    ...(uidMappings === undefined ? {} : { place: `mounts[${index}]` }),
  };
  const userNamespace = mappedUserNamespace(program, maps, request.facts);
  setIdMap(program, tree, userNamespace, recursive);
  program.close(userNamespace);
}

interface MappedMount {
  readonly mount: Mount;
  readonly index: number;
  /** With the mounts below it. */
  readonly recursive: boolean;
}

/** A descriptor of a user namespace with the container's maps: one for all that need it. */
export function ownIdMap({ program, request, outer }: PlanContext): Register {
  const { linux } = request.spec;
  const maps = { uid: linux?.uidMappings ?? [], gid: linux?.gidMappings ?? [] };
  outer.idMappedNamespace ??= mappedUserNamespace(program, maps, request.facts);
  return outer.idMappedNamespace;
}

/** When nothing is mapped any more, and before init is cloned: it has no use for it. */
export function closeOwnIdMap({ program, outer }: PlanContext): void {
  if (outer.idMappedNamespace !== undefined) {
    program.close(outer.idMappedNamespace);
    delete outer.idMappedNamespace;
  }
}

/** A descriptor of a user namespace that nobody is in. */
export function mappedUserNamespace(
  program: ProgramBuilder,
  maps: IdMaps,
  facts: MapWriterFacts,
): Register {
  const [ours, theirs] = openSocketPair(program, "ours", "theirs");
  const parent = program.label();
  const child = program.fork(cloneArguments(program, { flags: CLONE_NEWUSER }), "mapper", parent);
  program.call("close", [ours]);
  // Ends with the socket, whoever closes it first.
  program.control("receive", [theirs, offsetOf(program.space(8, "message")), 8]);
  program.control("exit", [0]);
  program.endFork(parent);
  program.close(theirs);
  writeIdMaps(program, child, maps, facts);
  const namespace = openUserNamespace(program, child);
  program.close(ours);
  program.call("wait4", [child, 0, 0, 0]);
  program.forget(child);
  return namespace;
}

function openUserNamespace(program: ProgramBuilder, process: Register): Register {
  const digits = program.space(DECIMAL_BYTES, "pid");
  program.control("decimal", [process, offsetOf(digits)]);
  const pathFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const proc = program.call("openat", [CURRENT_DIRECTORY, program.text("/proc"), pathFlags], {
    result: "proc",
  });
  const directory = program.call("openat", [proc, digits, pathFlags], { result: "procPid" });
  const readFlags = flags(O_CLOEXEC, OPEN_NAMES);
  const namespace = program.call("openat", [directory, program.text("ns/user"), readFlags], {
    result: "userNs",
  });
  program.close(directory);
  program.close(proc);
  return namespace;
}
