import { expect, test } from "bun:test";
import { highestId } from "./account-ids.ts";

test.each([
  ["", "", 0],
  ["root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", "", 0],
  ["app:x:1001:50::/:/bin/sh\n", "root:x:0:\nstaff:x:50:\n", 1001],
  ["app:x:5:2000::/:/bin/sh\n", "staff:x:1500:app\nnogroup:x:65534:\n", 2000],
  ["last:x:12:65534::/:/bin/sh\n", "", 12],
  ["broken\n::\nalso:x:-1:abc\n", "", 0],
])("the highest id of %p and %p", (passwd, group, expected) => {
  expect(highestId({ passwd, group })).toBe(expected);
});
