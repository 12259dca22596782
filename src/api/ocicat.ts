// The whole library: `import { engine, runtime } from "ocicat"`. The engine has what `ocicat` does, the
// runtime what `ocicat-runtime` does.

import * as engine from "./engine.ts";
import * as runtime from "./runtime.ts";

export { engine, runtime };
