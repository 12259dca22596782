import { expect, test } from "bun:test";
import { SOCK_SEQPACKET } from "../abi/process.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import { call } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { OwnedFd } from "../sys/file.ts";
import { words } from "../sys/memory.ts";
import { socketPair } from "../sys/socket.ts";
import { receiveReport } from "./launch.ts";

/** A stage that is dead by now: it reported a failure, and never read what was sent to it. */
function socketOfDeadStage(): OwnedFd {
  const [ours, theirs] = socketPair(SOCK_SEQPACKET);
  using stage = new OwnedFd(theirs);
  const answer = words(1);
  call("write", ours, addressOf(answer), 4);
  const report = words(4);
  report.set([REPORT_FAILED, 7, 2, 0]);
  call("write", stage.number, addressOf(report), 16);
  return new OwnedFd(ours);
}

test("a report is not lost when the stage ends without reading what was sent to it", () => {
  using socket = socketOfDeadStage();
  expect(receiveReport(socket.number)).toEqual({ kind: REPORT_FAILED, op: 7, value: 2 });
  expect(receiveReport(socket.number)).toBeUndefined();
});
