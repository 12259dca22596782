// The commands of `ocicat`: dispatch, help and the shells' completions are made from this table.

import type { Command } from "./command.ts";
import {
  ATTACH,
  COMMIT,
  CONTAINER,
  CONTAINER_ENDED,
  CP,
  CREATE,
  DIFF,
  EXEC,
  EXPORT,
  INSPECT,
  KILL,
  LOGS,
  PAUSE,
  PORT,
  PS,
  RENAME,
  RESTART,
  RM,
  RUN,
  START,
  STATS,
  STOP,
  TOP,
  TRACE,
  UNPAUSE,
  UPDATE,
  WAIT,
} from "./containers/container-entries.ts";
import { HEALTHCHECK, SUPERVISE } from "./healthcheck/healthcheck-entries.ts";
import {
  CONVERT,
  COPY,
  HISTORY,
  IMAGE,
  IMAGES,
  IMPORT,
  LOAD,
  LOGIN,
  LOGOUT,
  PULL,
  PUSH,
  RMI,
  SAVE,
  TAG,
  UNTAG,
} from "./images/image-entries.ts";
import { MANIFEST } from "./images/manifest/entries.ts";
import { KUBE } from "./kube/kube-entries.ts";
import { POD } from "./pods/pod-entries.ts";
import { SECRET } from "./secrets/secret-entries.ts";
import { EVENTS, INFO, SYSTEM } from "./system/system-entries.ts";
import { VOLUME } from "./volumes/volume-entries.ts";

export interface CommandEntry {
  readonly summary: string;
  /** Other names. */
  readonly aliases?: readonly string[];
  /** For programs of our own: help and completions leave it out. */
  readonly isHidden?: boolean;
  readonly load: () => Promise<Command>;
}

/** A word that commands stand behind: `ocicat image ls`. */
export interface CommandGroup {
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly commands: Readonly<Record<string, CommandEntry | CommandGroup>>;
}

export const OCICAT: CommandGroup = {
  summary: "containers",
  commands: {
    run: RUN,
    create: CREATE,
    start: START,
    stop: STOP,
    restart: RESTART,
    kill: KILL,
    rm: RM,
    pause: PAUSE,
    unpause: UNPAUSE,
    ps: PS,
    logs: LOGS,
    attach: ATTACH,
    exec: EXEC,
    cp: CP,
    diff: DIFF,
    commit: COMMIT,
    port: PORT,
    top: TOP,
    stats: STATS,
    update: UPDATE,
    trace: TRACE,
    wait: WAIT,
    rename: RENAME,
    container: CONTAINER,
    healthcheck: HEALTHCHECK,
    "container-ended": CONTAINER_ENDED,
    supervise: SUPERVISE,
    pull: PULL,
    push: PUSH,
    copy: COPY,
    images: IMAGES,
    tag: TAG,
    untag: UNTAG,
    rmi: RMI,
    inspect: INSPECT,
    history: HISTORY,
    save: SAVE,
    load: LOAD,
    import: IMPORT,
    export: EXPORT,
    convert: CONVERT,
    login: LOGIN,
    logout: LOGOUT,
    image: IMAGE,
    manifest: MANIFEST,
    volume: VOLUME,
    secret: SECRET,
    pod: POD,
    kube: KUBE,
    explain: {
      summary: "show the system calls that would make a container",
      load: async () => (await import("./explain.ts")).explain,
    },
    runtime: {
      summary: "the commands of ocicat-runtime, the OCI command line",
      load: async () => (await import("./runtime.ts")).runtimeCommand,
    },
    system: SYSTEM,
    events: EVENTS,
    info: INFO,
    doctor: {
      summary: "examine whether containers can run here",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    config: {
      summary: "show the settings and where each comes from",
      load: async () => (await import("./config.ts")).config,
    },
    man: {
      summary: "show the manual page of a command",
      load: async () => (await import("./man.ts")).manOf(OCICAT),
    },
    complete: {
      summary: "list names, for the completions of shells",
      isHidden: true,
      load: async () => (await import("./complete.ts")).complete,
    },
    version: {
      summary: "show the version",
      load: async () => (await import("./version.ts")).version,
    },
  },
};
