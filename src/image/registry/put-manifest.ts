// One request that stores a manifest or an index under a name.

import { quote } from "../../error/ocicat-error.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { checkStored } from "./begin-upload.ts";
import { digestOf } from "./fetch-manifest.ts";
import type { HostConnection } from "./host-connection.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { withRetries } from "./retry.ts";
import { pushAccess } from "./scopes.ts";

export interface PushedManifest {
  readonly content: Uint8Array;
  readonly mediaType: string;
}

/** `name` is a tag or a digest; `ifMatch` the entity tag that it must still have. */
export async function putManifest(
  connection: HostConnection,
  { domain, path }: ImageReference,
  name: string,
  manifest: PushedManifest & { readonly ifMatch?: string | undefined },
): Promise<HttpAnswer> {
  const { content, mediaType, ifMatch } = manifest;
  const task = {
    operation: "push",
    subject: `the manifest ${quote(name)} of ${quote(`${domain}/${path}`)}`,
  };
  return await withRetries(connection.context, `manifest ${name}`, async () => {
    const answer = await connection.send(task, {
      method: "PUT",
      target: `${path}/manifests/${name}`,
      access: pushAccess(path),
      accepts: [200, 201, 202, 204],
      headers: {
        "Content-Type": mediaType,
        ...(ifMatch === undefined ? {} : { "If-Match": ifMatch }),
      },
      body: () => ({ kind: "bytes", content: new Uint8Array(content) }),
    });
    await answer.discard();
    const stated = answer.headers.get("docker-content-digest") ?? "";
    const algorithm = stated.startsWith("sha512:") ? "sha512" : "sha256";
    checkStored(task, answer, digestOf(content, algorithm));
    return answer;
  });
}
