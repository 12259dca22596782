// The commands on Kubernetes' documents, which stand behind `kube`.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";

const PLAY: CommandEntry = {
  summary: "make and start what a YAML file asks for",
  load: async () => (await import("./play.ts")).play,
};

const GENERATE: CommandEntry = {
  summary: "write YAML for pods or containers",
  load: async () => (await import("./generate.ts")).generate,
};

export const KUBE: CommandGroup = {
  summary: "pods from Kubernetes' YAML, and the reverse",
  commands: {
    play: PLAY,
    down: {
      summary: "remove what was made of a YAML file",
      load: async () => (await import("./down.ts")).down,
    },
    generate: GENERATE,
  },
};

/** Podman's older names: `play kube`, `generate kube`. */
export const PLAY_KUBE: CommandGroup = {
  summary: "the older name of kube play",
  isHidden: true,
  commands: { kube: PLAY },
};

export const GENERATE_KUBE: CommandGroup = {
  summary: "the older name of kube generate",
  isHidden: true,
  commands: { kube: GENERATE },
};
