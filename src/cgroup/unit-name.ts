// systemd's names: slices, the units of containers, and the paths in the tree that follow from them.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { isCleanName } from "./path-names.ts";

const SLICE_SUFFIX = ".slice";
const DEFAULT_PREFIX = "ocicat";

export interface UnitNames {
  readonly unit: string;
  readonly slice: string;
}

/** What `linux.cgroupsPath` names for the systemd manager: "slice:prefix:name", each may be empty. */
export function unitNames(
  cgroupsPath: string | undefined,
  containerId: string,
  defaultSlice: string,
): UnitNames {
  if (cgroupsPath === undefined || cgroupsPath === "") {
    return { slice: defaultSlice, unit: `${DEFAULT_PREFIX}-${containerId}.scope` };
  }
  const parts = cgroupsPath.split(":");
  const [slice = "", prefix = "", name = ""] = parts;
  if (parts.length !== 3 || !isCleanName(`${prefix}-${name}`) || name === "") {
    throw new OcicatError("invalid-config", {
      operation: "use",
      subject: `linux.cgroupsPath ${quote(cgroupsPath)}`,
      reason: 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups',
      hint: "with --systemd-cgroup it names a slice and a scope, not a path",
    });
  }
  const unit = name.endsWith(SLICE_SUFFIX) ? name : `${prefix}-${name}.scope`;
  return { slice: slice === "" ? defaultSlice : slice, unit };
}

/** "/a.slice/a-b.slice" for "a-b.slice": each dash is one level. "-.slice" is the root. */
export function slicePath(slice: string): string {
  const stem = slice.endsWith(SLICE_SUFFIX) ? slice.slice(0, -SLICE_SUFFIX.length) : "";
  if (stem === "-") {
    return "/";
  }
  const parts = stem.split("-");
  if (!isCleanName(slice) || parts.includes("")) {
    throw new OcicatError("invalid-config", {
      operation: "use",
      subject: `the slice ${quote(slice)}`,
      reason: "it is no name of a systemd slice",
    });
  }
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("-")}${SLICE_SUFFIX}`).join("");
}
