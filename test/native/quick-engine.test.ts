// The quick program's engine and what src/quick/ gives it, beside Bun: the same code, executed by both, has to
// say the same.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCString } from "../../src/sys/native-entry.ts";
import { DIST, REPOSITORY } from "../../tools/repository.ts";

const BARE = join(DIST.quickFolder, "bare");

/** Each is an expression whose value has the form of JSON. */
const SAID: Readonly<Record<string, string>> = {
  "text to UTF-8": `["", "a", "é€😀", "\\ud800", "x\\udc00y", "\\ud83d"].map((text) =>
    [...new TextEncoder().encode(text)])`,
  "text into too little room": `["aé€😀", "€", "\\ud800"].flatMap((text) => [0, 1, 2, 3, 5, 9].map((size) => {
    const into = new Uint8Array(size);
    return [new TextEncoder().encodeInto(text, into), [...into]];
  }))`,
  "C strings": `["", "aé€😀", "\\ud800", "a\\0b"].map((text) => {
    const into = new Uint8Array(40).fill(7);
    return [writeCString(text, into, 3), text.includes("\\0") ? "nothing counts" : [...into]];
  })`,
  "what is assigned to what, in which order": `(() => {
    const order = [];
    const said = (word) => { order.push(word); return word; };
    const list = [0, 0];
    let at = 0;
    list[at++] = at;
    ({ a: list })[said("a")][said("1")] = said("value");
    let error = "none";
    try { null[said("b")] = 1; } catch (thrown) { error = thrown.name; }
    const typed = new Uint8Array(1);
    typed[0] = 257;
    typed[5] = 1;
    return [order, list, at, error, [...typed]];
  })()`,
  "UTF-8 to text, broken or not": `[[], [65], [0xc3, 0xa9], [0xef, 0xbb, 0xbf, 65], [0xff], [0xc3],
    [0xe2, 0x82], [0xe2, 0x82, 65], [0xf0, 0x9f, 0x98, 0x80], [0xf0, 0x9f, 65], [0xed, 0xa0, 0x80],
    [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80, 0x80], [0, 1]].map((bytes) =>
    new TextDecoder().decode(new Uint8Array(bytes)))`,
  "all two-byte beginnings": `Array.from({ length: 256 }, (_, first) =>
    Array.from({ length: 256 }, (_, second) =>
      new TextDecoder().decode(new Uint8Array([first, second, 0x41]))).join("|"))`,
  "SHA-256": `[0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000].map((size) =>
    new Bun.CryptoHasher("sha256").update("x".repeat(size)).update(new Uint8Array(size)).digest("hex"))`,
  "one text's SHA-256": `Bun.SHA256.hash("ocicat é", "hex")`,
  "hexadecimal and base64": `[new Uint8Array([0, 1, 255]).toHex(), [...Uint8Array.fromBase64("AAH/")],
    new Uint8Array([0, 1, 255]).toBase64()]`,
  "JSON with large numbers": `JSON.parse('[18446744073709551615, 1e400]', (_, value, { source } = {}) =>
    source === undefined ? value : source)`,
  "regular expressions": `["ab12", "é", "x\\n"].map((text) => [/^[\\p{L}\\d]+$/u.test(text),
    /(?<letters>[a-z]+)(?<=b)(\\d)/.exec(text)?.groups?.letters ?? null, text.replaceAll(/\\W/g, "-")])`,
  dates: `[new Date(0).toISOString(), Date.parse("2026-11-30T10:20:30.5Z"), Date.parse("nonsense") || 0]`,
  "sorting and sets": `[[3, 1, 2].toSorted(), [...new Set([1, 2]).difference(new Set([2]))],
    Object.groupBy([1, 2, 3], (n) => (n % 2 ? "odd" : "even")), ["b", "a"].findLast(() => true)]`,
  numbers: `[(0.1 + 0.2).toString(), (1e21).toString(), (255).toString(16), Number("0x1f"), Number("1e3"),
    Number.parseInt("08", 10), (2 ** 53).toString(), (1234.5678).toFixed(1), (18446744073709551615n).toString()]`,
  disposal: `(() => {
    const order = [];
    try {
      using a = { [Symbol.dispose]: () => order.push("a") };
      using b = { [Symbol.dispose]: () => order.push("b") };
      throw new Error("c");
    } catch (error) { order.push(error.message); }
    return order;
  })()`,
  "deep JSON is an error, and no crash": `(() => {
    try { JSON.parse("[".repeat(200000)); return "parsed"; } catch (error) { return error instanceof Error; }
  })()`,
  "endless recursion, too": `(() => {
    const again = () => again() + 1;
    try { return again(); } catch (error) { return error instanceof Error; }
  })()`,
  "order of what waits": `await (async () => {
    const order = [];
    await Promise.all([
      Bun.sleep(300).then(() => order.push("later")),
      Bun.sleep(5).then(() => order.push("sooner")),
      Promise.resolve().then(() => order.push("at once")),
    ]);
    return order;
  })()`,
};

describe.skipIf(!(await Bun.file(BARE).exists()))(
  "the quick program's engine (needs QuickJS)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "oct-quick-"));
    const said: Record<string, unknown> = {};

    beforeAll(async () => {
      const entrypoints = ["globals", "native-entry"].map((name) =>
        join(REPOSITORY, `src/quick/${name}.ts`),
      );
      await Bun.build({ entrypoints, target: "bun", outdir: folder, naming: "[name].js" });
      const answers = Object.entries(SAID).map(
        ([name, code]) => `said[${JSON.stringify(name)}] = ${code};`,
      );
      const write = `const text = JSON.stringify(said);
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) {
        const rest = bytes.subarray(at);
        at += native.syscall(WRITE, 2, native.address(rest), rest.length, 0, 0, 0);
      }`;
      const number = process.arch === "arm64" ? 64 : 1;
      const module = [
        'import { writeCString } from "./native-entry.js";',
        "const said = {};",
        ...answers,
        write.replace("WRITE", String(number)),
      ].join("\n");
      await Bun.write(join(folder, "probe.js"), module);
      const child = Bun.spawn([BARE, folder, "globals.js", "probe.js"], {
        stdout: "ignore",
        stderr: "pipe",
      });
      const text = await new Response(child.stderr).text();
      expect({ code: await child.exited, begin: text.slice(0, 1) }).toEqual({
        code: 0,
        begin: "{",
      });
      Object.assign(said, JSON.parse(text));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test.each(Object.entries(SAID))("%s", async (name, code) => {
      const ours: unknown = await new Function("writeCString", `return (async () => (${code}))()`)(
        writeCString,
      );
      expect(said[name]).toEqual(JSON.parse(JSON.stringify(ours)));
    });
  },
);
