// What kube play knows when it compiles pods: the file's objects, what is stored, and the machine.

import { cpus, hostname, totalmem } from "node:os";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import type { KubeContext } from "./kube-context.ts";
import type { KubeObject } from "./kube-objects.ts";
import { storedKubeSecrets } from "./kube-secrets.ts";

class PlayContext implements KubeContext {
  readonly maps: KubeContext["maps"];
  readonly secrets: KubeContext["secrets"];
  readonly nodeName = hostname();
  readonly isRoot = process.geteuid?.() === 0;
  readonly machine = { cpus: cpus().length, memoryBytes: totalmem() };
  readonly #uids = new Map<string, string>();
  readonly #faults: { readonly path: string; readonly reason: string }[] = [];
  readonly #onWarning: ((text: string) => void) | undefined;

  constructor(
    found: Pick<KubeContext, "maps" | "secrets">,
    onWarning: ((text: string) => void) | undefined,
  ) {
    this.maps = found.maps;
    this.secrets = found.secrets;
    this.#onWarning = onWarning;
  }

  uidOf(pod: string): string {
    const uid = this.#uids.get(pod) ?? crypto.randomUUID();
    this.#uids.set(pod, uid);
    return uid;
  }

  readFile(path: string): string {
    return readTextFile(path);
  }

  fault(place: string, reason: string): void {
    this.#faults.push({ path: place, reason });
  }

  warn(text: string): void {
    this.#onWarning?.(text);
  }

  check(fileName: string): void {
    if (this.#faults.length > 0) {
      throw new OcicatError("invalid-config", {
        operation: "play",
        subject: fileName,
        reason: this.#faults.map(({ path, reason }) => `${path}: ${reason}`).join("; "),
        faults: this.#faults,
      });
    }
  }
}

export async function contextOf(
  objects: readonly KubeObject[],
  options: SurroundingsOptions,
): Promise<PlayContext> {
  const maps = new Map<string, ReadonlyMap<string, Uint8Array>>();
  const secrets = new Map(await storedKubeSecrets(options));
  for (const object of objects) {
    if (object.kind === "ConfigMap") {
      maps.set(object.name, object.data);
    } else if (object.kind === "Secret") {
      const keys = [...object.data.keys()].map((key) => [key, `${object.name}.${key}`] as const);
      secrets.set(object.name, new Map(keys));
    }
  }
  return new PlayContext({ maps, secrets }, options.onWarning);
}
