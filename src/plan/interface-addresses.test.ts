import { expect, test } from "bun:test";
import { architectureNamed } from "../abi/architecture.ts";
import { ProgramBuilder } from "../program/builder.ts";
import { listProgram } from "../program/listing.ts";
import type { InterfaceAddress } from "./host-facts.ts";
import { restoreAddresses } from "./interface-addresses.ts";

const IPV4: InterfaceAddress = {
  family: 2,
  prefixLength: 24,
  attributes: [{ type: 2, value: new Uint8Array([192, 0, 2, 7]) }],
};
const IPV6: InterfaceAddress = {
  family: 10,
  prefixLength: 64,
  attributes: [
    { type: 1, value: new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]) },
  ],
};

function listing(addresses: readonly InterfaceAddress[]): string {
  const program = new ProgramBuilder(architectureNamed("x86_64"));
  program.because("linux.netDevices.eth0");
  restoreAddresses(program, "eth7", addresses);
  return listProgram(program.finish());
}

test("each address is a request of its own, after the index has been looked up once", () => {
  const lines = listing([IPV4, IPV6]).split("\n");
  expect(lines.filter((line) => line.includes("SIOCGIFINDEX"))).toHaveLength(1);
  const sent = lines.filter((line) => line.includes("sendto"));
  expect(sent).toHaveLength(2);
  expect(sent[0]).toContain("{NEWADDR 192.0.2.7/24}");
  expect(sent[1]).toContain("{NEWADDR 20010db8000000000000000000000009/64}");
});

test("an interface without addresses costs nothing", () => {
  expect(listing([])).toBe("");
});
