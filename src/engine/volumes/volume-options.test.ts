import { expect, test } from "bun:test";
import { type VolumeOptions, volumeMount } from "./volume-options.ts";

test.each<[VolumeOptions, ReturnType<typeof volumeMount>]>([
  [{}, undefined],
  [
    { type: "none", device: "/srv/a", o: "bind,ro" },
    { type: "bind", source: "/srv/a", options: ["rprivate", "bind", "ro"] },
  ],
  [
    { device: "/srv/a", o: "rbind,rslave" },
    { type: "bind", source: "/srv/a", options: ["rprivate", "rbind", "rslave"] },
  ],
  [
    { type: "tmpfs", device: "tmpfs", o: "size=10m,uid=7" },
    { type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "size=10m", "uid=7"] },
  ],
  [
    { type: "nfs", device: "192.0.2.1:/data", o: "addr=192.0.2.1,vers=4" },
    { type: "nfs", source: "192.0.2.1:/data", options: ["addr=192.0.2.1", "vers=4"] },
  ],
])("%j", (options, expected) => {
  expect(volumeMount(options)).toEqual(expected);
});

test.each<[VolumeOptions, string]>([
  [{ size: "1g" }, "the options are type, device and o"],
  [{ o: "size=1g" }, "o=bind shows the folder"],
  [{ type: "none", device: "/srv/a" }, "o=bind shows the folder"],
  [{ type: "none", device: "srv", o: "bind" }, "it is not an absolute path"],
  [{ type: "ext4" }, "the option device does not say"],
  [{ type: "ext4\0", device: "/dev/sda" }, "it is no name of a file system"],
])("%j is refused", (options, reason) => {
  expect(() => volumeMount(options)).toThrow(reason);
});
