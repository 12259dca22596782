// Mounts EROFS images from files.

import { OcicatError } from "../../error/ocicat-error.ts";

export interface ErofsMountRequest {
  /** A merged image or a mountable layer file. */
  readonly imageFd: number;
  /** Of a merged image all layers, lowest first; of a layer file none. */
  readonly deviceFds: readonly number[];
  /** An existing directory; trusted, never a path of a container. */
  readonly targetPath: string;
}

export function mountErofs(request: ErofsMountRequest): void {
  throw new OcicatError("unsupported", {
    operation: "mount",
    subject: request.targetPath,
    reason: "not there yet",
  });
}
