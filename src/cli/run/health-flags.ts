// The flags of `ocicat run` on the container's health check.

import type { FlagTable } from "../flags.ts";

export const HEALTH_FLAGS = {
  "health-cmd": {
    kind: "text",
    value: "COMMAND",
    help: "tells whether it is well: a line for the shell, a JSON list, or none",
  },
  "health-interval": {
    kind: "text",
    value: "TIME",
    help: "between two checks; 30s, or disable: only when asked",
  },
  "health-timeout": { kind: "text", value: "TIME", help: "that a check may take; 30s" },
  "health-retries": {
    kind: "text",
    value: "NUMBER",
    help: "of failures that make it unhealthy; 3",
  },
  "health-start-period": {
    kind: "text",
    value: "TIME",
    help: "from its start on in which failures do not count; 0s",
  },
  "health-start-interval": {
    kind: "text",
    value: "TIME",
    help: "between two checks in that period; 5s, or a shorter interval",
  },
  "health-on-failure": {
    kind: "text",
    value: "ACTION",
    help: "on an unhealthy one: none, kill, restart, stop",
  },
  "health-startup-cmd": {
    kind: "text",
    value: "COMMAND",
    help: "tells whether it has come up: no other check is made before",
  },
  "health-startup-interval": {
    kind: "text",
    value: "TIME",
    help: "between two of those; 30s, or disable: only when asked",
  },
  "health-startup-timeout": { kind: "text", value: "TIME", help: "that one may take; 30s" },
  "health-startup-retries": {
    kind: "text",
    value: "NUMBER",
    help: "of failures that have it restarted; 0: never",
  },
  "health-startup-success": {
    kind: "text",
    value: "NUMBER",
    help: "of successes in a row that it takes; 1",
  },
  "no-healthcheck": { kind: "switch", help: "without the image's check, too" },
} as const satisfies FlagTable;
