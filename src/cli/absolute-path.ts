// Paths as a user types them, made absolute.

import { workingDirectory } from "../sys/working-directory.ts";

/** Against the working directory, "." and ".." resolved by their letters, as filepath.Abs does. */
export function absolutePath(path: string): string {
  const whole = path.startsWith("/") ? path : `${workingDirectory()}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") {
      parts.pop();
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  return `/${parts.join("/")}`;
}
