// The quick program: executed when it is made, up to where a command begins (native/quick.c).

import { runCommand } from "../command.ts";
import { fallBack } from "./fall-back.ts";
import { beginGlobals } from "./globals.ts";

native.fallBack = fallBack;
native.begin = async () => {
  beginGlobals();
  await runCommand();
};
