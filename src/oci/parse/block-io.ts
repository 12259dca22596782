// Reads `linux.resources.blockIO`: config-linux.md, section "Block IO".

import type { Fields } from "./fields.ts";
import { DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX, UINT64_MAX } from "./ranges.ts";

const THROTTLES = [
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
];

export function checkBlockIo(blockIo: Fields): void {
  checkWeight(blockIo, "weight");
  checkWeight(blockIo, "leafWeight");
  blockIo.objects("weightDevice", (device) => {
    checkDeviceNumber(device);
    checkWeight(device, "weight");
    checkWeight(device, "leafWeight");
    if (!device.has("weight") && !device.has("leafWeight")) {
      device.fault("weight", "required, unless leafWeight is there");
    }
  });
  for (const name of THROTTLES) {
    blockIo.objects(name, (device) => {
      checkDeviceNumber(device);
      device.required("rate");
      device.integer("rate", 0, UINT64_MAX);
    });
  }
}

function checkDeviceNumber(device: Fields): void {
  device.required("major", "minor");
  device.integer("major", 0, DEVICE_MAJOR_MAX);
  device.integer("minor", 0, DEVICE_MINOR_MAX);
}

/** Zero leaves the weight as it is. */
function checkWeight(owner: Fields, name: string): void {
  const weight = owner.integer(name, 0, 1000) ?? 0;
  if (weight > 0 && weight < 10) {
    owner.fault(name, `${weight} is not within 10 to 1000`);
  }
}
