import { expect, test } from "bun:test";
import { OCICAT } from "../command-table.ts";
import { manPages } from "./command-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { inlineText, paragraphs, textLine } from "./roff.ts";

const PAGES = [...(await manPages(["ocicat"], OCICAT)), configurationPage()];

function pageOf(file: string): string {
  return PAGES.find((page) => page.file === file)?.text ?? "";
}

test("each command that help shows has a page, hidden ones have none", () => {
  const files = PAGES.map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
  expect(files).toContain("ocicat.1");
  expect(files).toContain("ocicat-run.1");
  expect(files).toContain("ocicat-image-ls.1");
  expect(files).not.toContain("ocicat-container-ended.1");
});

test("a page has what help has", () => {
  const page = pageOf("ocicat-kill.1");
  expect(page).toContain(".SH NAME\nocicat\\-kill \\- send containers a signal\n");
  expect(page).toContain(".SH SYNOPSIS\n\\fBocicat kill\\fR [FLAGS] CONTAINER...\n");
  expect(page).toContain(".TP\n\\fB\\-s\\fR, \\fB\\-\\-signal\\fR \\fISIGNAL\\fR\n");
  expect(page).toContain("ocicat kill \\-s HUP web\n");
  expect(pageOf("ocicat-config.toml.5")).toContain("\\fBOCICAT_IMAGE_PULL_POLICY\\fR");
});

test("text is no request and no escape, and stays the letters that it is", () => {
  expect(textLine(".TH")).toBe("\\&.TH");
  expect(inlineText("don't\\n `ps -a` ~x^")).toBe("don\\(aqt\\en \\fBps \\-a\\fR \\(tix\\(ha");
  expect(paragraphs("one\ntwo\n\n  $ kept\n  .so /etc/passwd")).toBe(
    ".PP\none\ntwo\n.PP\n.RS 4\n.nf\n  $ kept\n  .so /etc/passwd\n.fi\n.RE\n",
  );
});

test.skipIf(Bun.which("groff") === null)(
  "groff has nothing to say about them (needs groff)",
  () => {
    const command = ["groff", "-man", "-ww", "-Tutf8", "-Kutf8", "-z"];
    // One after the other, as one document: each begins anew with its title.
    const stdin = new TextEncoder().encode(PAGES.map(({ text }) => text).join(""));
    const { exitCode, stderr } = Bun.spawnSync(command, { stdin });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  },
);
