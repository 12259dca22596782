// Empties places between two runs without deleting what is there: a file system without a journal (ext4) uses no
// inode again that was deleted in the last minutes, and whoever makes a file then searches past all of
// these. So a run would pay for the files of the run before. They go with the folder of the benchmark.

import { existsSync, mkdirSync, mkdtempSync, renameSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../peers/command.ts";

/** `folder`: on the same file system. Files without another name lose their content, which takes room. */
export async function setAside(folder: string, path: string): Promise<void> {
  if (!existsSync(path)) {
    return;
  }
  const aside = join(folder, "aside");
  mkdirSync(aside, { recursive: true });
  const place = mkdtempSync(join(aside, "tree-"));
  renameSync(path, join(place, "tree"));
  const files = ["find", place, "-type", "f", "-links", "1", "-size", "+0"];
  await must([...files, "-exec", "truncate", "--size=0", "{}", "+"], { seconds: 300 });
}
