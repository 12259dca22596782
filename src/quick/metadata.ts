// In the place of src/image/content/metadata.ts: what is remembered of images is in a database that the quick
// program can't open. It asks only to find an image, before anything has changed.

import { AT_FDCWD } from "../abi/file.ts";
import { DATABASE_FILE } from "../image/content/database-files.ts";
import type { Metadata as Remembered } from "../image/content/metadata.ts";
import { statAt } from "../sys/file.ts";
import { fallBack } from "./fall-back.ts";

export class Metadata implements Pick<Remembered, keyof Remembered> {
  readonly #storeRoot: string;

  constructor(storeRoot: string) {
    this.#storeRoot = storeRoot;
  }

  isThere(): boolean {
    return statAt(AT_FDCWD, `${this.#storeRoot}/${DATABASE_FILE}`) !== undefined;
  }

  findFacts(): never {
    return needsDatabase();
  }

  rememberFacts(): never {
    return needsDatabase();
  }

  noteSource(): never {
    return needsDatabase();
  }

  sourcesOf(): never {
    return needsDatabase();
  }

  forget(): never {
    return needsDatabase();
  }
}

function needsDatabase(): never {
  return fallBack("what is remembered of images");
}
