// Reads `hooks`: config.md, section "POSIX-platform Hooks".

import { HOOK_NAMES } from "../hooks.ts";
import type { Fields } from "./fields.ts";
import { INT64_MAX } from "./ranges.ts";
import { absolutePath } from "./text-rules.ts";

export function checkHooks(hooks: Fields): void {
  for (const name of HOOK_NAMES) {
    hooks.objects(name, checkHook);
  }
}

function checkHook(hook: Fields): void {
  hook.required("path");
  hook.text("path", absolutePath);
  hook.texts("args");
  hook.texts("env");
  hook.integer("timeout", 1, INT64_MAX);
}
