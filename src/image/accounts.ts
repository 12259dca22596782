// Reads the accounts of an image: /etc/passwd and /etc/group of its merged layers.

/** The texts of the two files; empty where an image has none. */
export interface ImageAccounts {
  readonly passwd: string;
  readonly group: string;
}

/** `lower`: directories, topmost first, as ResolvedImage has them; or one root file system. */
export declare function readAccounts(lower: readonly string[]): ImageAccounts;
