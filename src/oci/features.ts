// The document that `features` prints. Source: features.md and features-linux.md. An absent property
// means "unknown", an empty list or false means "not supported".

export interface Features {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly hooks?: readonly string[];
  readonly mountOptions?: readonly string[];
  readonly linux?: LinuxFeatures;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly potentiallyUnsafeConfigAnnotations?: readonly string[];
}

export interface LinuxFeatures {
  readonly namespaces?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly cgroup?: CgroupFeatures;
  readonly seccomp?: SeccompFeatures;
  readonly apparmor?: Support;
  readonly selinux?: Support;
  readonly intelRdt?: IntelRdtFeatures;
  readonly memoryPolicy?: MemoryPolicyFeatures;
  readonly mountExtensions?: { readonly idmap?: Support };
  readonly netDevices?: Support;
}

export interface Support {
  readonly enabled?: boolean;
}

export interface CgroupFeatures {
  readonly v1?: boolean;
  readonly v2?: boolean;
  readonly systemd?: boolean;
  readonly systemdUser?: boolean;
  readonly rdma?: boolean;
}

export interface SeccompFeatures extends Support {
  readonly actions?: readonly string[];
  readonly operators?: readonly string[];
  readonly archs?: readonly string[];
  readonly knownFlags?: readonly string[];
  readonly supportedFlags?: readonly string[];
}

export interface IntelRdtFeatures extends Support {
  readonly schemata?: boolean;
  readonly monitoring?: boolean;
}

export interface MemoryPolicyFeatures {
  readonly modes?: readonly string[];
  readonly flags?: readonly string[];
}
