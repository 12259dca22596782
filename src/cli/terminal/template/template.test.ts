// Templates beside what Go's text/template, with docker's functions, makes of them.

import { describe, expect, test } from "bun:test";
import { OcicatError } from "../../../error/ocicat-error.ts";
import { TemplateMethod, textOf } from "./functions.ts";
import { Template } from "./template.ts";

const DATA = {
  ID: "abc",
  Name: "web app",
  N: 3,
  F: 1.5,
  Big: 1234567,
  T: true,
  Z: 0,
  E: "",
  L: ["a", "b", "c"],
  EL: [],
  M: { k: "v", a: "b" },
  EM: {},
  O: { P: { Q: "deep" }, L: [{ x: 1 }, { x: 2 }] },
  Nil: null,
  Html: '<a href="x">&\'',
  U: "grüße",
};

/** It counts as no field. */
const LABEL = new TemplateMethod({
  ...{ min: 1, max: 1 },
  call: ([name]) => (textOf(name) === "of" ? "web" : ""),
});

function render(source: string): string {
  return new Template(source).render(Object.defineProperty({ ...DATA }, "Label", { value: LABEL }));
}

describe("as Go renders it", () => {
  test.each<[string, string]>([
    ["{{.ID}}", "abc"],
    ["x{{.ID}}y{{.Name}}", "xabcyweb app"],
    ["{{.O.P.Q}}", "deep"],
    ["{{$.ID}}", "abc"],
    [
      "{{.}}",
      'map[Big:1234567 E: EL:[] EM:map[] F:1.5 Html:<a href="x">&\' ID:abc L:[a b c] M:map[a:b k:v] N:3 Name:web app Nil:<nil> O:map[L:[map[x:1] map[x:2]] P:map[Q:deep]] T:true U:grüße Z:0]',
    ],
    ["{{.L}}", "[a b c]"],
    ["{{.M}}", "map[a:b k:v]"],
    ["{{.N}} {{.F}} {{.Big}} {{.T}} {{.Z}}|{{.E}}|", "3 1.5 1234567 true 0||"],
    ["{{json .L}} {{json .Html}} {{json .Nil}}", '["a","b","c"] "<a href=\\"x\\">&\'" null'],
    ["{{.Name | upper}}", "WEB APP"],
    ["{{upper .Name | lower | title}}", "Web App"],
    ['{{title "hello big-world it\'s"}}', "Hello Big-World It'S"],
    ["{{len .L}} {{len .M}} {{len .U}}", "3 2 7"],
    ['{{index .L 1}} {{index .M "k"}} {{index .O.L 1 "x"}}', "b v 2"],
    ["{{slice .ID 1}} {{slice .L 1 2}} {{slice .ID 0 2}}", "bc [b] ab"],
    ['{{join .L ","}}', "a,b,c"],
    ['{{split "a:b:c" ":"}}', "[a b c]"],
    ['{{range split "a:b" ":"}}[{{.}}]{{end}}', "[a][b]"],
    ["{{if .T}}yes{{else}}no{{end}}", "yes"],
    ["{{if .E}}yes{{else if .Z}}zero{{else if .N}}n{{else}}no{{end}}", "n"],
    ["{{if .EL}}a{{end}}{{if .EM}}b{{end}}{{if .Nil}}c{{end}}{{if .M}}d{{end}}", "d"],
    ["{{range .L}}{{.}};{{end}}", "a;b;c;"],
    ["{{range $i, $e := .L}}{{$i}}={{$e}} {{end}}", "0=a 1=b 2=c "],
    ["{{range $e := .L}}{{$e}}{{end}}", "abc"],
    ["{{range .EL}}x{{else}}none{{end}}", "none"],
    ["{{range $k, $v := .M}}{{$k}}:{{$v}},{{end}}", "a:b,k:v,"],
    ['{{range .L}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', "ac"],
    ['{{range .L}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', "a"],
    ["{{with .O}}{{.P.Q}}{{$.ID}}{{end}}", "deepabc"],
    ["{{with .E}}x{{else}}empty{{end}}", "empty"],
    ["{{with $x := .N}}{{$x}}{{end}}", "3"],
    ["{{$x := 1}}{{if .T}}{{$x = 2}}{{end}}{{$x}}", "2"],
    ["{{$x := 1}}{{if .T}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"],
    ["a {{- .ID -}} b", "aabcb"],
    ["a {{.ID -}}   \n b", "a abcb"],
    ["a\n{{- /* c */ -}} b", "ab"],
    ["{{/* c */}}x", "x"],
    ['{{"a\\tb\\"c\\x41\\u00e9\\101"}}', 'a\tb"cAéA'],
    ["{{`raw \\n`}}", "raw \\n"],
    ["{{'x'}} {{'\\n'}} {{'é'}}", "120 10 233"],
    ["{{1}} {{-2}} {{1.5}} {{1e3}} {{0x10}} {{+3}}", "1 -2 1.5 1000 16 3"],
    ["{{true}} {{false}}", "true false"],
    [
      '{{print .ID .N}} {{print .N .N}} {{print "a" "b"}} {{print 1 2 "x" 3 4}}',
      "abc3 3 3 ab 1 2x3 4",
    ],
    ["{{println .ID .N}}", "abc 3\n"],
    ['{{printf "%s-%d" .ID .N}}', "abc-3"],
    ['{{printf "%5d|%-5d|%05d|%+d" .N .N .N .N}}', "    3|3    |00003|+3"],
    ['{{printf "%8s|%-8s|%.2s|%q" .ID .ID .ID .ID}}', '     abc|abc     |ab|"abc"'],
    ['{{printf "%v %v %v" .L .M .T}}', "[a b c] map[a:b k:v] true"],
    ['{{printf "%x %X %x %o %b %c %U" .N 255 .ID 8 5 65 233}}', "3 FF 616263 10 101 A U+00E9"],
    ['{{printf "%.2f %6.1f %e %g" .F .F .F .F}}', "1.50    1.5 1.500000e+00 1.5"],
    ['{{printf "%t%%" .T}}', "true%"],
    [
      '{{printf "%d" .ID}} {{printf "%s" .N}} {{printf "%d"}} {{printf "%s" .ID .N}}',
      "%!d(string=abc) %!s(int=3) %!d(MISSING) abc%!(EXTRA int=3)",
    ],
    ['{{printf "%*d" 5 .N}}', "    3"],
    ['{{.ID | printf "%s-%s" "x"}}', "x-abc"],
    [
      "{{and .T .ID}} {{and .E .ID}} {{or .E .ID}} {{or .E .Z}} {{not .T}} {{not .E}}",
      "abc  abc 0 false true",
    ],
    [
      '{{eq .ID "abc"}} {{eq .N 1 2 3}} {{ne .ID "x"}} {{lt 1 2}} {{le 2 2}} {{gt .N 5}} {{ge "b" "a"}}',
      "true true true true true false true",
    ],
    ["{{html .Html}}", "&lt;a href=&#34;x&#34;&gt;&amp;&#39;"],
    ["{{urlquery .Name}}", "web+app"],
    ["{{(index .O.L 0).x}}", "1"],
    ["{{(len .L)}}", "3"],
    ['{{len (printf "%s%s" .ID .ID)}}', "6"],
    ["{{range $i, $_ := .O.L}}{{if $i}},{{end}}{{.x}}{{end}}", "1,2"],
    ['{{.Label "of"}} {{"of" | .Label}} {{if eq (.Label "x") ""}}none{{end}}', "web web none"],
    ['{{$.Label "of"}}{{$x := .}}{{$x.Label "of"}}', "webweb"],
    ["{{if and .T (not .E) (eq .N 3)}}ok{{end}}", "ok"],
    ["{{range 3}}{{.}}{{end}}", "012"],
    ['{{if not (eq .ID "z")}}q{{end}}', "q"],
    ["{{truncate .ID 2}}|{{pad .ID 1 2}}|", "ab| abc  |"],
    ["{{.M.k}} {{.O.L}}", "v [map[x:1] map[x:2]]"],
    ['{{ .ID }}{{- " x" }}', "abc x"],
    ["{{range $i, $e := .L}}{{else}}x{{end}}done", "done"],
    ["{{eq .Nil .Nil}}", "true"],
    ["{{or .Nil .ID}}", "abc"],
    ["{{.Nil}}", "<no value>"],
    ['{{len ""}}', "0"],
    ["{{index .L}}", "[a b c]"],
    ["{{with .O}}{{with .P}}{{.Q}}{{end}}{{end}}", "deep"],
    ["{{range .O.L}}{{range $k, $v := .}}{{$k}}{{$v}}{{end}}{{end}}", "x1x2"],
    ["{{.ID}} }}", "abc }}"],
  ])("%j", (source, expected) => {
    expect(render(source)).toBe(expected);
  });
});

describe("faults point at their place", () => {
  test.each<[string, string, string]>([
    ["{{.Nope}}", 'column 3, ".Nope": there is no such field', "did you mean .Name?"],
    ["{{.id}}", 'column 3, ".id": there is no such field', "did you mean .ID?"],
    ["{{.Repository}}", 'column 3, ".Repository": there is no such field', "there are .ID, .Name"],
    ["{{.ID.x}}", 'column 6, ".x": there is no such field in a text', ""],
    ["{{.Nil.x}}", 'column 7, ".x": there is no such field in nothing', ""],
    ["{{uper .ID}}", 'column 3, "uper": there is no such function', "did you mean upper?"],
    [
      "{{frobnicate}}",
      'column 3, "frobnicate": there is no such function',
      "there are json, lower",
    ],
    ["{{if .T}}", 'column 3, "if": it has no {{end}}', ""],
    ["{{range .L}}{{else}}", 'column 3, "range": it has no {{end}}', ""],
    ["{{end}}", 'column 3, "end": there is nothing that it could end', ""],
    ["{{.ID", 'column 1, "{{": it is not closed by }}', ""],
    ['{{"abc}}', 'column 3, "\\"": the quotation has no end', ""],
    ['{{"\\q"}}', 'column 3, "\\"": it has an escape that is not known', ""],
    ["{{index .L 9}}", 'column 3, "index": the list has 3 elements, there is none at 9', ""],
    ["{{index .N 1}}", 'column 3, "index": a number has no elements', ""],
    ["{{slice .ID 2 9}}", 'column 3, "slice": 2 to 9 is not within its 3 elements', ""],
    ["{{upper .N}}", 'column 3, "upper": it takes a text, not a number', ""],
    ["{{.ID .N}}", 'column 3, ".ID": it is no function and takes no arguments', ""],
    ["{{.Label}}", 'column 3, ".Label": it takes 1 arguments, not 0', ""],
    ["{{.Label 1}}", 'column 3, ".Label": it takes a text, not a number', ""],
    ['{{.N "x"}}', 'column 3, ".N": it is no function and takes no arguments', ""],
    ["{{$y}}", 'column 3, "$y": the variable $y is not declared', ""],
    ["{{range .ID}}{{end}}", 'column 9, ".ID": range cannot go over a text', ""],
    ["{{break}}", 'column 3, "break": it stands in no range', ""],
    ["{{(.ID}}", 'column 3, "(": it has no closing parenthesis', ""],
    ["{{.ID | .N}}", 'column 9, ".N": nothing can be piped into it: it is no function', ""],
    ["{{}}", 'column 3, "}}": a value or a function is expected here', ""],
    ["{{if}}x{{end}}", 'column 5, "}}": a value or a function is expected here', ""],
    ["{{lower}}", 'column 3, "lower": it takes 1 arguments, not 0', ""],
    ["{{eq .ID}}", 'column 3, "eq": it takes 2 or more arguments, not 1', ""],
    ["{{eq .ID .N}}", 'column 3, "eq": a text and a number cannot be compared', ""],
    ["{{ @ }}", 'column 4, "@": it is not expected here', ""],
    [
      '{{define "x"}}a{{end}}',
      'column 3, "define": templates inside templates are not supported',
      "",
    ],
    [
      "one\ntwo {{.Nope}}",
      'line 2, column 7, ".Nope": there is no such field',
      "did you mean .Name?",
    ],
    ["{{/* x }}", 'column 3, "/": it is not expected here', ""],
  ])("%j", (source, message, hint) => {
    let found: unknown;
    try {
      render(source);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(OcicatError);
    const { message: text, hint: advice = "" } = found instanceof OcicatError ? found : {};
    expect(text).toBe(`use the template of --format: ${message}`);
    expect(advice).toStartWith(hint);
  });
});

test("an object is written in its own order, and nothing inside a value as Go has it", () => {
  expect(render("{{json .M}}")).toBe('{"k":"v","a":"b"}');
  expect(render("{{.O}}")).toBe("map[L:[map[x:1] map[x:2]] P:map[Q:deep]]");
  expect(new Template("{{.}}").render({ a: null })).toBe("map[a:<nil>]");
});

test("text has \\t and \\n for tab and newline", () => {
  expect(render("{{.ID}}\\t{{.N}}\\n")).toBe("abc\t3\n");
});

test("a map may lack a key, and what has fields may not", () => {
  const data = { Config: { Labels: { a: "b" } }, Health: undefined };
  const show = (source: string) => new Template(source).render(data);
  expect(show("{{.Config.Labels.nope}}")).toBe("<no value>");
  expect(show("{{with .Config.Labels}}{{.a}}{{if .nope}}!{{end}}{{end}}")).toBe("b");
  expect(show("{{$l := .Config.Labels}}{{if $l.nope}}!{{else}}none{{end}}")).toBe("none");
  expect(() => show("{{.Config.Nope}}")).toThrow("there is no such field");
  expect(() => show("{{.Config.Labels.nope.deep}}")).toThrow("there is no such field in nothing");
  expect(show("{{if .Health}}{{.Health.Status}}{{else}}none{{end}}")).toBe("none");
});

test("names that every object has are no fields", () => {
  expect(() => render("{{.constructor}}")).toThrow("there is no such field");
  expect(render('{{index .M "constructor"}}')).toBe("");
  expect(() => render("{{constructor}}")).toThrow("there is no such function");
});

test("any text is rendered or refused", () => {
  const pieces = ["{{", "}}", ".", "ID", " ", "|", "(", ")", '"', "'", "range", "if", "end", "$x"];
  const more = [":=", ",", "-", "1", "`", "else", "len", "\\", "\n", ".L", "and", "/*", "*/", "é"];
  const all = [...pieces, ...more];
  let state = 1;
  const next = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  for (let round = 0; round < 3000; round += 1) {
    const source = Array.from({ length: next(14) }, () => all[next(all.length)]).join("");
    try {
      expect(typeof render(source)).toBe("string");
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
    }
  }
});
