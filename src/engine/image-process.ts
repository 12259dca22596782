// The process of a container that runs an image: what the image's configuration says (image-spec
// config.md), what the user asked for on top of it, and the accounts of the image's /etc/passwd and
// /etc/group. No I/O: src/image/accounts.ts reads the two files.

import type { ImageAccounts } from "../image/accounts.ts";

/** The part of an image's configuration (`config` of config.md) that makes a process. */
export interface ProcessDefaults {
  readonly User?: string | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly WorkingDir?: string | undefined;
  readonly StopSignal?: string | undefined;
}

export interface ProcessRequest {
  /** The words after the image; empty: the image's Cmd. */
  readonly command: readonly string[];
  /** Replaces the image's Entrypoint, and drops its Cmd; an empty list means none at all. */
  readonly entrypoint?: readonly string[];
  /** "NAME=value"; these win over the image's. */
  readonly env?: readonly string[];
  readonly workdir?: string;
  /** USER[:GROUP], names or numbers. */
  readonly user?: string;
  /** Names or numbers, in addition to those of /etc/group. */
  readonly additionalGroups?: readonly string[];
  readonly terminal: boolean;
  readonly hostname: string;
}

/** The members of a runtime-spec `process` that follow from an image. */
export interface ImageProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids: readonly number[];
  };
  /** "SIGTERM" unless the image says otherwise. */
  readonly stopSignal: string;
}

/** Throws OcicatError invalid-argument for an unknown user or group, or when nothing is to be run. */
export declare function imageProcess(
  defaults: ProcessDefaults,
  request: ProcessRequest,
  accounts: ImageAccounts,
): ImageProcess;
