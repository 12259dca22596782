// start: lets a created container's init execute the container's process.
//
// The connection to init's socket is close-on-exec on its side: its end without a report means that
// execve has succeeded. A report says which op failed; what that op was for, `create` has left beside
// the state.

import { MSG_NOSIGNAL, SOCK_STREAM } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { decodeRuntimeConfig } from "../oci/parse/config.ts";
import type { Spec } from "../oci/spec.ts";
import { START_SOCKET } from "../plan/reports.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import type { Provenance } from "../program/program.ts";
import { receiveReport } from "../stage/launch.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { OwnedFd } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import { connectUnix } from "../sys/socket.ts";
import { stateAnswer } from "./await-ready.ts";
import { killInit } from "./clean-up.ts";
import type { ContainerAddress } from "./delete.ts";
import { runHooks } from "./hooks.ts";
import { programFailure } from "./program-failure.ts";
import { awaitReadiness, NotifySocket } from "./service-protocols.ts";
import { type ContainerState, StateDirectory } from "./state-directory.ts";
import { ociState, statusOf } from "./status.ts";

export interface StartOptions extends ContainerAddress {
  /** NOTIFY_SOCKET of the caller: `start` then returns when the container has said that it is ready. */
  readonly notifySocket?: string | undefined;
}

export function start({ stateRoot, id, notifySocket }: StartOptions): void {
  using directory = StateDirectory.open(stateRoot, id);
  const state = directory.readState();
  checkStartable(directory, state);
  const spec = decodeRuntimeConfig(directory.readConfig());
  if (spec.process === undefined) {
    throw refuse(id, "cannot start a container without a process");
  }
  using notify =
    notifySocket === undefined ? undefined : NotifySocket.bind(directory, notifySocket);
  letInitExecute(directory, state, spec);
  directory.awaitReleaseByInit();
  directory.removeStartFiles();
  // What follows takes as long as others like: meanwhile the container can be stopped and deleted.
  directory[Symbol.dispose]();
  try {
    runHooks("poststart", spec.hooks?.poststart ?? [], ociState(state, "running"));
  } catch (error) {
    // The specification: a failed poststart hook fails the start, and the container is stopped.
    killInit(state);
    throw error;
  }
  if (notify !== undefined) {
    awaitReadiness(state, notify);
  }
}

function checkStartable(directory: StateDirectory, state: ContainerState): void {
  const status = statusOf(directory, state);
  if (status === "stopped") {
    throw refuse(state.id, "cannot start a container that has stopped");
  }
  if (status !== "created") {
    throw refuse(state.id, `cannot start an already ${status} container`);
  }
}

function refuse(id: string, reason: string): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "start",
    subject: `container ${quote(id)}`,
    reason,
  });
}

function letInitExecute(directory: StateDirectory, state: ContainerState, spec: Spec): void {
  // Through our own descriptor of the folder: the path may be longer than a socket's name.
  const path = `/proc/self/fd/${directory.fd}/${START_SOCKET}`;
  using connection = new OwnedFd(connectUnix(path, SOCK_STREAM));
  const answer = encodeText(stateAnswer(spec, ociState(state, "created")));
  const args = [connection.number, addressOf(answer), answer.length, MSG_NOSIGNAL] as const;
  checked(call("sendto", ...args), "start", `container ${quote(state.id)}`);
  const report = receiveReport(connection.number);
  if (report?.kind === REPORT_FAILED) {
    // It ends by itself; who deletes it next has to find it stopped.
    killInit(state);
    throw programFailure(report, provenanceOfOp(directory, report.op));
  }
}

interface StoredProvenance {
  readonly first: number;
  readonly ops: readonly Provenance[];
}

function provenanceOfOp(directory: StateDirectory, op: number): Provenance | undefined {
  const text = directory.readProvenance();
  if (text === undefined) {
    return undefined;
  }
  const stored: StoredProvenance = JSON.parse(text);
  return stored.ops[op - stored.first];
}
