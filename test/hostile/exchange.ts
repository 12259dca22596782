// Exchanges two paths, over and over, until it is killed: `bun exchange.ts FIRST SECOND`.

import { AT_FDCWD } from "../../src/abi/file.ts";
import { call, checked } from "../../src/sys/call.ts";
import { cstring } from "../../src/sys/memory.ts";

const RENAME_EXCHANGE = 2;

const [first = "", second = ""] = process.argv.slice(2).map(cstring);
for (;;) {
  const result = call(
    "renameat2",
    AT_FDCWD,
    Number(first),
    AT_FDCWD,
    Number(second),
    RENAME_EXCHANGE,
  );
  checked(result, "exchange", "two paths");
}
