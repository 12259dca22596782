// What `docker info` calls the same: scripts ask for these names.

import type { SystemDescription } from "../../engine/system/describe-system.ts";

export function dockerFields({ version, host, store }: SystemDescription) {
  const { cgroups } = host;
  return {
    Containers: store.containers,
    ContainersRunning: store.running,
    ContainersStopped: store.containers - store.running,
    Images: store.images,
    Driver: store.layerFormat.format,
    LoggingDriver: "k8s-file",
    CgroupDriver: cgroups.systemd ? "systemd" : "cgroupfs",
    CgroupVersion: cgroups.layout === "v2" ? "2" : "1",
    KernelVersion: host.kernel,
    OperatingSystem: host.operatingSystem,
    OSType: "linux",
    Architecture: host.architecture,
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    DockerRootDir: store.root,
    ServerVersion: version,
    SecurityOptions: host.security.map((name) => `name=${name}`),
    DefaultRuntime: "ocicat",
  };
}
