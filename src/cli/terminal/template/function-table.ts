// Which functions templates have.

import {
  compare,
  escapeHtml,
  firstThat,
  indexInto,
  integerOf,
  isEqual,
  join,
  jsonText,
  lengthOf,
  padText,
  print,
  printf,
  printLine,
  slice,
  type TemplateFunction,
  textOf,
  title,
} from "./functions.ts";
import { isTrue } from "./values.ts";

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: { min: 1, max: 1, call: ([value]) => jsonText(value) },
  lower: { min: 1, max: 1, call: ([text]) => textOf(text).toLowerCase() },
  upper: { min: 1, max: 1, call: ([text]) => textOf(text).toUpperCase() },
  title: { min: 1, max: 1, call: ([text]) => title(textOf(text)) },
  split: { min: 2, max: 2, call: ([text, separator]) => textOf(text).split(textOf(separator)) },
  join: { min: 2, max: 2, call: ([list, separator]) => join(list, separator) },
  truncate: {
    min: 2,
    max: 2,
    call: ([text, length]) => [...textOf(text)].slice(0, integerOf(length)).join(""),
  },
  pad: {
    min: 3,
    max: 3,
    call: ([text, before, behind]) => padText(textOf(text), integerOf(before), integerOf(behind)),
  },
  len: { min: 1, max: 1, call: ([value]) => lengthOf(value) },
  index: { min: 1, call: ([value, ...keys]) => indexInto(value, keys) },
  slice: { min: 1, max: 3, call: ([value, ...bounds]) => slice(value, bounds) },
  print: { min: 0, call: print },
  printf: { min: 1, call: printf },
  println: { min: 0, call: printLine },
  and: { min: 1, call: (values) => firstThat(values, false) },
  or: { min: 1, call: (values) => firstThat(values, true) },
  not: { min: 1, max: 1, call: ([value]) => !isTrue(value) },
  eq: { min: 2, call: isEqual },
  ne: { min: 2, max: 2, call: (values) => !isEqual(values) },
  lt: { min: 2, max: 2, call: ([a, b]) => compare(a, b) < 0 },
  le: { min: 2, max: 2, call: ([a, b]) => compare(a, b) <= 0 },
  gt: { min: 2, max: 2, call: ([a, b]) => compare(a, b) > 0 },
  ge: { min: 2, max: 2, call: ([a, b]) => compare(a, b) >= 0 },
  html: { min: 0, call: (values) => escapeHtml(print(values)) },
  js: { min: 0, call: (values) => jsonText(print(values)).slice(1, -1) },
  urlquery: {
    min: 0,
    call: (values) => encodeURIComponent(print(values)).replaceAll("%20", "+"),
  },
};

export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);
