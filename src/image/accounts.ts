// Reads the accounts of an image: /etc/passwd and /etc/group of its merged layers.

import { S_IFMT, S_IFREG } from "../abi/file.ts";
import { readAll } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";
import { MergedView } from "./merged-view.ts";

/** The texts of the two files; empty where an image has none. */
export interface ImageAccounts {
  readonly passwd: string;
  readonly group: string;
}

/** More than 20,000 accounts; whoever writes nonsense into it keeps no command busy for long. */
const LARGEST_FILE = 2 * 1024 * 1024;

/** `lower`: directories, topmost first, as ResolvedImage has them; or one root file system. */
export function readAccounts(lower: readonly string[]): ImageAccounts {
  using view = new MergedView(lower);
  return { passwd: readText(view, "etc/passwd"), group: readText(view, "etc/group") };
}

function readText(view: MergedView, path: string): string {
  const entry = view.find(path, true);
  if (entry === undefined || (entry.status.mode & S_IFMT) !== S_IFREG) {
    return "";
  }
  using file = view.open(entry);
  return file === undefined
    ? ""
    : decodeText(readAll(file.number, `the image's /${path}`, LARGEST_FILE));
}
