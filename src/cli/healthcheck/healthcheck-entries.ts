// The commands on health checks, and the one that times them.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";

export const HEALTHCHECK: CommandGroup = {
  summary: "the health of containers",
  commands: {
    run: {
      summary: "check the health of a container",
      load: async () => (await import("./run.ts")).run,
    },
    request: {
      summary: "ask a port, for a health check that has no command",
      isHidden: true,
      load: async () => (await import("./request.ts")).request,
    },
  },
};

export const SUPERVISE: CommandEntry = {
  summary: "have the health of containers checked when it is time",
  isHidden: true,
  load: async () => (await import("../supervise.ts")).supervise,
};
