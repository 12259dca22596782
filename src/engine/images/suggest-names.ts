// For an image that nobody has: names in the store that may have been meant.

import { OcicatError } from "../../error/ocicat-error.ts";
import { ContentStore } from "../../image/content/content-store.ts";
import { couldBeNamed } from "../../image/find-stored-name.ts";
import type { Surroundings } from "../surroundings.ts";
import { familiarName } from "./shown-names.ts";
import { similarNames } from "./similar-names.ts";

/**
 * The same error with a hint, unless it has one or there is nothing like it. The name itself may be there, for
 * another platform.
 */
export function withSimilarNames(
  error: unknown,
  reference: string,
  { storeRoot, configuration }: Surroundings,
): unknown {
  const isLookup =
    error instanceof OcicatError && ["not-found", "unavailable"].includes(error.code);
  if (!isLookup || error.hint !== undefined) {
    return error;
  }
  using store = new ContentStore(storeRoot);
  const domain = configuration.get("image.default-registry");
  const isSame = couldBeNamed(reference, domain);
  const others = store.names((name, digest) => !isSame(name, digest));
  const names = others.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const similar = similarNames(
    reference,
    names.map((name) => familiarName(name, domain)),
  );
  const { code, operation, subject, reason } = error;
  return similar.length === 0
    ? error
    : new OcicatError(code, {
        operation,
        subject,
        reason,
        cause: error,
        hint: `did you mean ${similar.join(", ")}?`,
      });
}
