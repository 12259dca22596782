import { OcicatError } from "./ocicat-error.ts";

/** Behind a promise, `.catch(unlessMissing)`: what is not there is undefined; other failures stay. */
export function unlessMissing(error: unknown): undefined {
  if (!(error instanceof OcicatError && error.code === "not-found")) {
    throw error;
  }
}
