// An image from one registry to another, or to another name of the same one. Nothing of it is stored here.

import { copyImage, type PushResult } from "../../image/transfer/push-image.ts";
import { parseReference } from "../../oci/reference.ts";
import { readSurroundings } from "../surroundings.ts";
import { wantedPlatform } from "./image-session.ts";
import {
  eventOptions,
  type RegistryAccess,
  registriesClient,
  type WorkOptions,
} from "./transfer-options.ts";

export interface CopyImageOptions extends WorkOptions {
  /** This platform alone; all that there are when absent. */
  readonly platform?: string | undefined;
  /** Also what refers to it: signatures, lists of parts. */
  readonly referrers?: boolean;
  /** Also layers that may not be passed on. */
  readonly foreignLayers?: boolean;
  readonly from?: Omit<RegistryAccess, "authFile">;
  readonly to?: Omit<RegistryAccess, "authFile">;
  readonly authFile?: string | undefined;
}

/** Throws OcicatError; what the target has got until then is there for the next try. */
export async function copyBetweenRegistries(
  source: string,
  target: string,
  options: CopyImageOptions,
): Promise<PushResult> {
  const surroundings = await readSurroundings(options);
  const defaultDomain = surroundings.configuration.get("image.default-registry");
  const domainOf = (name: string): string => parseReference(name, { defaultDomain }).domain;
  const accesses = [
    { ...options.from, domain: domainOf(source) },
    { ...options.to, domain: domainOf(target) },
  ];
  const client = registriesClient(surroundings, accesses, options);
  return await copyImage(client, source, target, {
    platform: wantedPlatform(options.platform),
    ...(options.platform === undefined ? {} : { index: "alone" }),
    referrers: options.referrers === true,
    foreignLayers: options.foreignLayers === true ? "push" : "leave-out",
    parallel: surroundings.configuration.get("image.parallel-downloads"),
    defaultDomain,
    ...eventOptions(options),
  });
}
