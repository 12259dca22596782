// What proves to a registry who asks, and where it comes from. Its values appear in no message.

export type Credential =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, which the token service changes into tokens for one scope. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is, without asking a token service. */
  | { readonly kind: "registry-token"; readonly token: string };

export interface CredentialSource {
  /**
   * The credential for a repository: `domain` as a reference has it ("docker.io", "localhost:5000").
   * Undefined: ask anonymously.
   */
  find(domain: string, path: string): Promise<Credential | undefined>;
}
