// What a token has to allow. Source: Docker's "Token Scope Documentation".

import type { Access } from "./authorizer.ts";

export function pullAccess(path: string): Access {
  return { path, scopes: [`repository:${path}:pull`] };
}

export function pushAccess(path: string): Access {
  return { path, scopes: [`repository:${path}:pull,push`] };
}

/** To push to a repository what another one of the same registry has. */
export function mountAccess(path: string, fromPath: string): Access {
  return { path, scopes: [`repository:${path}:pull,push`, `repository:${fromPath}:pull`] };
}

export function deleteAccess(path: string): Access {
  return { path, scopes: [`repository:${path}:pull,delete`] };
}

export function catalogAccess(): Access {
  return { path: "", scopes: ["registry:catalog:*"] };
}
