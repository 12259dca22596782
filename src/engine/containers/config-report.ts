// The part "Config" of what `inspect` tells of a container: the process, by the image and by what was asked
// for. No I/O.

import type { ImageConfig } from "../../oci/image-spec.ts";
import { healthcheckDocument, probeDocument } from "../health/health-check.ts";
import { lifecycleDocument } from "../health/lifecycle-hooks.ts";
import { DEFAULT_PATH } from "../image-process.ts";
import type { ContainerRecord } from "./container-record.ts";
import { mergedVariables } from "./merged-variables.ts";
import { DEFAULT_STOP_MS, FOREVER_MS } from "./stop-signal.ts";

export function configReport(
  { id, image, options, command }: ContainerRecord,
  config: Omit<ImageConfig, "Healthcheck">,
): Readonly<Record<string, unknown>> {
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  return {
    Hostname: options.hostname ?? id.slice(0, 12),
    Domainname: options.domainName ?? "",
    User: options.user ?? config.User ?? "",
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: {
      ...config.ExposedPorts,
      ...Object.fromEntries((options.exposedPorts ?? []).map((port) => [port, {}])),
    },
    Tty: options.terminal,
    OpenStdin: options.interactive,
    StdinOnce: false,
    Env: mergedVariables([`PATH=${DEFAULT_PATH}`], config.Env ?? [], options.env),
    Cmd: command.slice(entrypoint.length),
    Image: image?.name ?? "",
    Volumes: config.Volumes ?? {},
    WorkingDir: options.workdir ?? config.WorkingDir ?? "/",
    // As docker writes it: programs tell none from an empty one.
    Entrypoint: entrypoint.length === 0 ? null : entrypoint,
    Labels: { ...config.Labels, ...options.labels },
    ...probesReport(options),
    StopSignal: options.stopSignal ?? config.StopSignal ?? "SIGTERM",
    // Podman's: not their values.
    Secrets: (options.secrets ?? []).map(({ name }) => ({ Name: name })),
    StopTimeout: stopSeconds(options),
  };
}

/**
 * Docker's name, podman's, and one like it. Undefined: a document says nothing of it, but a template may ask
 * whether it is there.
 */
function probesReport(options: ContainerRecord["options"]): Readonly<Record<string, unknown>> {
  return {
    Healthcheck: healthcheckDocument(options),
    StartupHealthCheck: probeDocument(options.startupProbe),
    ReadinessCheck: probeDocument(options.readinessProbe),
    Lifecycle: lifecycleDocument(options),
  };
}

/** Docker has -1 where `stop` waits for ever. */
function stopSeconds({ stopTimeoutMs = DEFAULT_STOP_MS }: ContainerRecord["options"]): number {
  return stopTimeoutMs === FOREVER_MS ? -1 : stopTimeoutMs / 1000;
}
