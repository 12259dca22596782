// What can be done with secrets: one function for each command.

import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import {
  findSecret,
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
  return writeSecret(storeRoot, secret);
}

export async function listSecrets(options: SurroundingsOptions): Promise<readonly Secret[]> {
  const { storeRoot } = await readSurroundings(options);
  return listStored(storeRoot);
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

/** Returns its id. Containers that run keep it. */
export async function removeSecret(word: string, options: SurroundingsOptions): Promise<string> {
  const { storeRoot } = await readSurroundings(options);
  const { name, id } = findSecret(storeRoot, word);
  removeStored(storeRoot, name);
  return id;
}
