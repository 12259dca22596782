// Importing a module does nothing: no descriptor opened, no signal handled, no state kept. What would
// do something is called from main.
//
// A look at the formatted text, not a parser: a statement of the top level starts in the first
// column. A constant may be computed by a call into the layers that can do no I/O.

import { checkLines, type SourceFile } from "./source-file.ts";

const PURE_LAYERS = ["error", "abi", "oci", "program", "plan"];

/** How a declaration, a comment or the end of something longer starts. */
const DECLARATION =
  /^(?:import|export|const|let|type|interface|declare|(?:async )?function|(?:abstract )?class)\b/;
const CONTINUATION = /^(?:\/\/|\/\*|[\s})\]>|&:;,*`]|$)/;

/** `const NAME[: TYPE] = CALLEE(`, at the end of which the callee runs. */
const COMPUTED = /^(?:export )?const \w+(?:: [^=]+)? = (?:await )?(new )?([\w.]+)(?:<[^(]*>)?\(/;

/** These make a value from their arguments and touch nothing else; `nameOf`, `defineName` say so. */
const HARMLESS =
  /^(?:Array|Int8Array|Uint8Array|Uint16Array|Int32Array|Uint32Array|BigInt|BigUint64Array|ArrayBuffer|DataView|Map|Set|WeakMap|WeakSet|RegExp|Symbol|String|Number|TextEncoder|TextDecoder|URL|FinalizationRegistry)(?:\.(?:from|of|fromBase64))?$|^Object\.(?:freeze|fromEntries|entries|keys|values)$|^Math\.\w+$|^[a-z]+Of$|^define[A-Z]\w*$/;

export function checkImportWork(source: SourceFile): string[] {
  const layer = /^src\/([^/]+)\//.exec(source.path)?.[1] ?? "";
  const isPure = PURE_LAYERS.includes(layer);
  const pureNames = isPure ? [] : namesFromPureLayers(source.text);
  const text = withoutTemplates(source.text);
  return checkLines({ path: source.path, text }, (line) => {
    if (/^(?:export )?const .*= await\b/.test(line) || /^await\b/.test(line)) {
      return "awaits when it is imported";
    }
    if (!(DECLARATION.test(line) || CONTINUATION.test(line))) {
      return `does something when it is imported: ${line}`;
    }
    // What makes system calls is loaded once, at the first call.
    if (/^(?:export )?let\b/.test(line) && layer !== "sys" && !isRemembered(line, text)) {
      return "keeps state in the module";
    }
    const callee = COMPUTED.exec(line)?.[2];
    if (callee === undefined || isPure || HARMLESS.test(callee) || pureNames.includes(callee)) {
      return undefined;
    }
    return `calls ${callee} when it is imported`;
  });
}

/** A constant that is computed at its first use: `let NAME` is assigned by `NAME ??= ...` alone. */
function isRemembered(line: string, text: string): boolean {
  const name = /^let (\w+): [^=]+;$/.exec(line)?.[1];
  return (
    name !== undefined &&
    new RegExp(`\\b${name} \\?\\?=\\s`).test(text) &&
    !new RegExp(`\\b${name} =(?!=)`).test(text)
  );
}

/** What a file imports from layers that do no I/O. */
function namesFromPureLayers(text: string): string[] {
  const layers = PURE_LAYERS.join("|");
  const imports = text.matchAll(
    new RegExp(`^import \\{([^}]*)\\} from "(?:\\.\\./)+(?:${layers})/`, "gm"),
  );
  return [...imports].flatMap((match) => (match[1] ?? "").split(",").map((name) => name.trim()));
}

/** Blanks out what stands inside template literals; the lines stay where they are. */
function withoutTemplates(text: string): string {
  return text
    .replace(/^\s*(?:\/\/|\/?\*).*$/gm, "")
    .replace(/`(?:\\.|[^`\\])*`/g, (template) => `""${template.replace(/[^\n]/g, "")}`);
}
