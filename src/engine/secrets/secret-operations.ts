// What can be done with secrets: one function for each command.

import { OcicatError } from "../../error/ocicat-error.ts";
import { recordEvent } from "../events/record-event.ts";
import { hasLabel } from "../labels.ts";
import { type FilterTable, filterCondition, namePattern, parseFilters } from "../list-filters.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import {
  findSecret,
  listSecretNames,
  listSecrets as listStored,
  type NewSecret,
  readSecret,
  removeSecret as removeStored,
  type Secret,
  writeSecret,
} from "./secret-store.ts";

export async function createSecret(
  secret: NewSecret,
  options: SurroundingsOptions,
): Promise<Secret> {
  const { storeRoot } = await readSurroundings(options);
  const written = writeSecret(storeRoot, secret);
  recordSecretEvent(storeRoot, "create", written);
  return written;
}

const FILTERS: FilterTable<Secret> = {
  id: (value) => (secret) => secret.id.startsWith(value),
  name: (value) => {
    const matches = namePattern(value);
    return ({ name }) => matches(name);
  },
  label: (value) => (secret) => hasLabel(secret.labels, value),
  driver: (value) => () => value === "file",
};

export interface ListSecretsOptions extends SurroundingsOptions {
  /** "KEY=VALUE" each. */
  readonly filters?: readonly string[];
}

export async function listSecrets(options: ListSecretsOptions): Promise<readonly Secret[]> {
  const filters = parseFilters(options.filters ?? [], Object.keys(FILTERS));
  const { storeRoot } = await readSurroundings(options);
  const onUnreadable = ({ message }: OcicatError): void => options.onWarning?.(message);
  return listStored(storeRoot, onUnreadable).filter(filterCondition(filters, FILTERS));
}

export interface InspectSecretOptions extends SurroundingsOptions {
  readonly withValue: boolean;
}

export async function inspectSecret(
  word: string,
  { withValue, ...options }: InspectSecretOptions,
): Promise<Secret & { readonly value?: Uint8Array }> {
  const { storeRoot } = await readSurroundings(options);
  const secret = findSecret(storeRoot, word);
  return withValue ? { ...secret, value: readSecret(storeRoot, secret.name) } : secret;
}

/** Returns its id, or the name of one that can't be read. Containers that run keep it. */
export async function removeSecret(word: string, options: SurroundingsOptions): Promise<string> {
  const { storeRoot } = await readSurroundings(options);
  const { name, id } = findToRemove(storeRoot, word);
  removeStored(storeRoot, name);
  recordSecretEvent(storeRoot, "remove", { id, name });
  return id;
}

function findToRemove(storeRoot: string, word: string): Pick<Secret, "id" | "name"> {
  try {
    return findSecret(storeRoot, word);
  } catch (error) {
    if (error instanceof OcicatError && listSecretNames(storeRoot).includes(word)) {
      return { id: word, name: word };
    }
    throw error;
  }
}

function recordSecretEvent(
  storeRoot: string,
  action: "create" | "remove",
  { id, name }: Pick<Secret, "id" | "name">,
): void {
  recordEvent({ storeRoot }, { type: "secret", action, id, name, attributes: {} });
}
