import { expect, test } from "bun:test";
import { unknownVariables } from "./unknown-variables.ts";

test("a variable that looks like a setting and is none is told", () => {
  expect(
    unknownVariables({
      OCICAT_IMAGE_PULL_POLICY: "always",
      OCICAT_IMAGE_PULL_POLCIY: "always",
      OCICAT_LIMITS_EVERYTHING: "1",
      OCICAT_CONFGI: "/a",
      OCICAT_LAUNCH: "v1",
      OCICAT_PHASES: "1",
      OCICAT_CONFIG: "",
      HOME: "/",
    }),
  ).toEqual([
    "OCICAT_IMAGE_PULL_POLCIY is no setting; did you mean OCICAT_IMAGE_PULL_POLICY?",
    "OCICAT_LIMITS_EVERYTHING is no setting",
    "OCICAT_CONFGI is no setting; did you mean OCICAT_CONFIG?",
  ]);
});
