// --disable-content-trust, for docker's sake.

import { badValue } from "../run/bad-value.ts";

export const TRUST_FLAG = {
  "disable-content-trust": { kind: "switch", help: "for docker's sake: signatures are not asked" },
} as const;

interface TrustFlags {
  isSet(name: "disable-content-trust"): boolean;
  switch(name: "disable-content-trust"): boolean;
}

/** Throws "invalid-argument" where signatures are to be verified. */
export function checkTrust(flags: TrustFlags): void {
  if (flags.isSet("disable-content-trust") && !flags.switch("disable-content-trust")) {
    throw badValue("disable-content-trust", "false", "signatures of images are not verified");
  }
}
