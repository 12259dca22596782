// The volumes of a played pod that are its own, as a document had them: emptyDir, or a ConfigMap with its files.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { namingFile } from "../../error/file-failure.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { listVolumes } from "../volumes/volume-operations.ts";
import { type Document, unlessEmpty } from "./generate-container.ts";
import { FILES_LABEL, OWN_LABEL } from "./own-volumes.ts";

export interface GeneratedOwnVolume {
  /** What the pod calls it. */
  readonly name: string;
  readonly source: Document;
  /** The document that its files are of. */
  readonly map?: Document;
  /** The group of its folder or of its first file. */
  readonly gid: number;
}

const PERMISSIONS = 0o7777;
/** Kubernetes' own. */
const USUAL_MODE = 0o644;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** By the names that the volumes have in the store. */
export async function generateOwnVolumes(
  pod: string,
  options: SurroundingsOptions,
): Promise<ReadonlyMap<string, GeneratedOwnVolume>> {
  const filters = [`label=${OWN_LABEL}=${pod}`];
  const found = new Map<string, GeneratedOwnVolume>();
  for (const { name, path, labels } of await listVolumes({ ...options, filters })) {
    const ownName = name.startsWith(`${pod}-`) ? name.slice(pod.length + 1) : name;
    const volume =
      labels[FILES_LABEL] === undefined
        ? { source: { emptyDir: {} }, gid: lstatSync(path).gid }
        : namingFile("read", path, () => filesVolume(name, path));
    found.set(name, { name: ownName, ...volume });
  }
  return found;
}

interface FoundFile {
  readonly path: string;
  readonly key: string;
  readonly mode: number;
  readonly gid: number;
  readonly content: Uint8Array;
}

function filesVolume(name: string, folder: string): Omit<GeneratedOwnVolume, "name"> {
  const files = filesIn(folder);
  const [first] = files;
  const isPlain = files.every(({ path, key, mode }) => path === key && mode === first?.mode);
  const mode = isPlain ? first?.mode : undefined;
  const texts = files.map((file) => ({ ...file, text: textOf(file.content) }));
  const data = texts.flatMap(({ key, text }) => (text === undefined ? [] : [[key, text]]));
  const binary = texts
    .filter(({ text }) => text === undefined)
    .map(({ key, content }) => [key, content.toBase64()]);
  return {
    source: {
      configMap: {
        name,
        ...(mode === undefined || mode === USUAL_MODE ? {} : { defaultMode: mode }),
        ...(isPlain ? {} : { items: files.map(({ key, path, mode }) => ({ key, path, mode })) }),
      },
    },
    map: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
      ...unlessEmpty("data", Object.fromEntries(data)),
      ...unlessEmpty("binaryData", Object.fromEntries(binary)),
    },
    gid: first?.gid ?? 0,
  };
}

/** Nobody but kube play has written there; keys have no slashes. */
function filesIn(folder: string): readonly FoundFile[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const keys = new Set<string>();
  return paths.toSorted().map((path) => {
    const file = join(folder, path);
    const { mode, gid } = lstatSync(file);
    const key = uniqueKey(path.replaceAll("/", "."), keys);
    return { path, key, mode: mode & PERMISSIONS, gid, content: readFileSync(file) };
  });
}

function uniqueKey(wanted: string, taken: Set<string>): string {
  const key = taken.has(wanted) ? uniqueKey(`${wanted}-`, taken) : wanted;
  taken.add(key);
  return key;
}

/** Undefined: it is none. */
function textOf(content: Uint8Array): string | undefined {
  try {
    return UTF8.decode(content);
  } catch {
    return undefined;
  }
}
