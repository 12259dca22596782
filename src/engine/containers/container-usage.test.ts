import { expect, test } from "bun:test";
import { blockDevicesOf, memoryOf, parseInterfaces } from "./container-usage.ts";

const NONE = { limit: 0, failcnt: 0 };

test("memory: without inactive files, and no more than the machine has", () => {
  const memory = (limit: number, raw: Readonly<Record<string, number>>) =>
    memoryOf(
      {
        memory: {
          usage: { limit, usage: 100, failcnt: 0 },
          swap: NONE,
          kernel: NONE,
          kernelTCP: NONE,
          raw,
        },
      },
      1000,
    );
  expect(memory(500, { inactive_file: 30 })).toEqual({ memory: 70, memoryLimit: 500 });
  expect(memory(5000, { total_inactive_file: 20, inactive_file: 30 })).toEqual({
    memory: 80,
    memoryLimit: 1000,
  });
  expect(memory(0, { inactive_file: 300 })).toEqual({ memory: 100, memoryLimit: 1000 });
});

test("interfaces but loopback", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:    1000    2    0    0    0     0          0         0     1000    2    0
  eth0:  123    4    0    0    0     0          0         0     456    7    0
  eth1:7 4 0 0 0 0 0 0 5 7 0
`;
  expect(parseInterfaces(text)).toEqual({ received: 130, sent: 461 });
  expect(parseInterfaces("")).toEqual({ received: 0, sent: 0 });
});

test("block devices, as v1 and v2 spell them", () => {
  const entries = [
    { op: "Read", value: 5 },
    { op: "write", value: 7 },
    { op: "Total", value: 12 },
    { op: "read", value: 1 },
  ];
  expect(blockDevicesOf({ blkio: { ioServiceBytesRecursive: entries } })).toEqual({
    read: 6,
    written: 7,
  });
});
