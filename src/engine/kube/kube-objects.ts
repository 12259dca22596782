// What ocicat understands of Kubernetes' documents, in types.

import type { RestartPolicy } from "../containers/restart-policy.ts";
import type { RunHealth } from "../health/health-check.ts";
import type { RunLifecycle } from "../health/lifecycle-hooks.ts";
import type { RunNames } from "../run-names.ts";

export type KubeObject =
  | KubePod
  /** Beside its pods. */
  | { readonly kind: "Deployment"; readonly name: string }
  | {
      readonly kind: "ConfigMap" | "Secret";
      readonly name: string;
      readonly data: ReadonlyMap<string, Uint8Array>;
    }
  | {
      readonly kind: "PersistentVolumeClaim";
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
    };

/** Of a Deployment one for each replica. */
export interface KubePod {
  readonly kind: "Pod";
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The name of the one that it belongs to. */
  readonly deployment: string | undefined;
  readonly spec: KubePodSpec;
}

export interface KubePodSpec {
  readonly initContainers: readonly KubeContainer[];
  readonly containers: readonly KubeContainer[];
  readonly volumes: readonly KubeVolume[];
  readonly restart: RestartPolicy;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharesProcesses: boolean;
  readonly hostname: string | undefined;
  readonly stopTimeoutMs: number | undefined;
  readonly names: RunNames;
  readonly security: KubeSecurity;
  readonly groups: readonly number[];
  /** Volumes that begin empty belong to it. */
  readonly volumeGroup: number | undefined;
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface KubeContainer {
  readonly name: string;
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly workingDir: string | undefined;
  readonly variables: readonly KubeVariable[];
  readonly variableSources: readonly KubeVariableSource[];
  readonly mounts: readonly KubeVolumeMount[];
  readonly resources: KubeResources;
  readonly security: KubeSecurity;
  /** Its livenessProbe. */
  readonly health: RunHealth | undefined;
  readonly startupProbe: RunHealth | undefined;
  readonly readinessProbe: RunHealth | undefined;
  readonly lifecycle: RunLifecycle | undefined;
  /** Absent: the image's. */
  readonly stopSignal: string | undefined;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Of the initContainers: it is not waited for. */
  readonly isSidecar: boolean;
}

export const RESOURCE_FIELDS = [
  "limits.cpu",
  "limits.memory",
  "requests.cpu",
  "requests.memory",
] as const;

/** CPUs and bytes; undefined where the document says nothing. */
export type KubeResources = Readonly<Record<(typeof RESOURCE_FIELDS)[number], number | undefined>>;

export interface KubeSecurity {
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly privileged: boolean;
  readonly readOnly: boolean;
  readonly noNewPrivileges: boolean;
  readonly added: readonly string[];
  readonly dropped: readonly string[];
  /** A path of the host, or "unconfined"; undefined: the default. */
  readonly seccomp: string | undefined;
  /** A profile's name, or "unconfined"; undefined: the default. */
  readonly apparmor: string | undefined;
}

export interface KubeKey {
  readonly kind: "ConfigMap" | "Secret";
  readonly object: string;
  readonly key: string;
  readonly optional: boolean;
}

export interface KubeVariable {
  readonly name: string;
  readonly from:
    | { readonly kind: "value"; readonly value: string }
    | { readonly kind: "field"; readonly path: string }
    | {
        readonly kind: "resource";
        readonly resource: keyof KubeResources;
        /** Absent: the variable's own. */
        readonly container: string | undefined;
        /** What one of the number stands for. */
        readonly divisor: number;
      }
    | KubeKey;
}

/** All keys of an object as variables. */
export interface KubeVariableSource extends Omit<KubeKey, "key"> {
  readonly prefix: string;
}

export interface KubeVolumeMount {
  readonly volume: string;
  readonly path: string;
  readonly subPath: string | undefined;
  /** The same, with variables. */
  readonly subPathExpr: string | undefined;
  readonly readOnly: boolean;
  /** Of the document, for what is wrong with it. */
  readonly place: string;
}

export type KubeVolume = { readonly name: string; readonly place: string } & (
  | { readonly kind: "empty"; readonly isMemory: boolean; readonly bytes: number | undefined }
  | { readonly kind: "host"; readonly path: string; readonly type: HostPathType }
  | { readonly kind: "claim"; readonly claim: string; readonly readOnly: boolean }
  | {
      readonly kind: "ConfigMap" | "Secret";
      readonly object: string;
      readonly optional: boolean;
      readonly mode: number;
      /** Absent: every key, as a file of its name. */
      readonly items:
        | readonly { readonly key: string; readonly path: string; readonly mode: number }[]
        | undefined;
    }
);

export const HOST_PATH_TYPES = [
  "",
  "DirectoryOrCreate",
  "Directory",
  "FileOrCreate",
  "File",
  "Socket",
  "CharDevice",
  "BlockDevice",
] as const;

export type HostPathType = (typeof HOST_PATH_TYPES)[number];
