import { expect, test } from "bun:test";
import { exampleFile, formatDefault } from "./example-file.ts";
import { parseConfigurationFile } from "./parse-file.ts";
import { settingKeys } from "./schema.ts";

test("the example is a configuration file with every setting that has a default", () => {
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  const { values } = parseConfigurationFile({ path: "example", text: exampleFile(), onWarning });
  expect(warnings).toEqual([]);
  expect([...values.keys()]).toEqual(settingKeys().filter((key) => formatDefault(key) !== ""));
});

test("a setting without a default stands there too", () => {
  expect(exampleFile()).toContain('\n#root = ""\n');
  expect(exampleFile()).toStartWith("[store]\n\n# The folder of images");
});
