// The commands on Kubernetes' documents, which stand behind `kube`.

import type { CommandGroup } from "../command-entry.ts";

export const KUBE: CommandGroup = {
  summary: "pods from Kubernetes' YAML, and the reverse",
  commands: {
    play: {
      summary: "make and start what a YAML file asks for",
      load: async () => (await import("./play.ts")).play,
    },
    down: {
      summary: "remove what was made of a YAML file",
      load: async () => (await import("./down.ts")).down,
    },
    generate: {
      summary: "write YAML for pods or containers",
      load: async () => (await import("./generate.ts")).generate,
    },
  },
};
