import { describe, expect, test } from "bun:test";
import { architectureNamed } from "../abi/architecture.ts";
import { ProgramBuilder } from "../program/builder.ts";
import { listProgram } from "../program/listing.ts";
import { mountOpened, mountOverlay, type OverlayRoot, openFolders } from "./overlay.ts";

const OVERLAY: OverlayRoot = {
  kind: "overlay",
  lower: ["/layers/top", "/layers/a:b,c\\d"],
  upper: "/box/upper",
  work: "/box/work",
  userXattr: false,
  mountPoint: "/box/root",
};

function lines(overlay: OverlayRoot): string[] {
  const program = new ProgramBuilder(architectureNamed("x86_64"));
  program.because("root.path");
  mountOverlay(program, overlay);
  return listProgram(program.finish()).split("\n");
}

describe("an overlay", () => {
  test("is given its layers one by one, topmost first, with their names as they are", () => {
    const layers = lines(OVERLAY).filter((line) => line.includes('"lowerdir+"'));
    expect(layers).toHaveLength(2);
    expect(layers[0]).toContain('"/layers/top"');
    expect(layers[1]).toContain(JSON.stringify("/layers/a:b,c\\d"));
  });

  test("does not depend on what the host's overlays do", () => {
    for (const option of ["redirect_dir", "metacopy", "index"]) {
      expect(lines(OVERLAY).filter((line) => line.includes(`"${option}"`))).toHaveLength(1);
    }
  });

  test("is mounted with one option for all layers where the kernel refuses that", () => {
    const [mount] = lines({ ...OVERLAY, userXattr: true }).filter((line) =>
      line.includes(" mount("),
    );
    const options = [
      "lowerdir=/layers/top:/layers/a\\:b\\,c\\\\d",
      "upperdir=/box/upper",
      "workdir=/box/work",
      "redirect_dir=nofollow",
      "metacopy=off",
      "index=off",
      "userxattr",
    ];
    expect(mount).toContain(JSON.stringify(options.join(",")));
  });

  test("that nobody wants after a power cut does not wait for the disk at its end", () => {
    const isVolatile = (line: string): boolean => line.includes("volatile");
    expect(lines({ ...OVERLAY, isBrief: true }).filter(isVolatile)).toHaveLength(2);
    expect(lines(OVERLAY).filter(isVolatile)).toEqual([]);
  });

  test("is not tried in the new way where the kernel is known to be older", () => {
    const text = lines({ ...OVERLAY, takesAllAtOnce: true, isBrief: true }).join("\n");
    expect(text).not.toContain("fsopen");
    expect(text).toContain("index=off,volatile");
  });

  test("is made of opened folders by their descriptors, without a name of theirs", () => {
    const program = new ProgramBuilder(architectureNamed("x86_64"));
    program.because("root.path");
    const folders = openFolders(program, OVERLAY) ?? [];
    expect(folders).toHaveLength(4);
    mountOpened(program, OVERLAY, folders);
    const text = listProgram(program.finish());
    const made = text.slice(text.indexOf("fsopen"));
    expect(made).toContain('"lowerdir", "0:1"');
    expect(made).not.toContain("/layers");
    expect(made).not.toContain("/box");
  });

  test("of more folders than a program can hold open is made by their names", () => {
    const lower = Array.from({ length: 89 }, (_, index) => `/layers/${index}`);
    const program = new ProgramBuilder(architectureNamed("x86_64"));
    expect(openFolders(program, { ...OVERLAY, lower })).toBeUndefined();
  });

  test("of more layers than mount(2) takes has only the one way", () => {
    const lower = Array.from({ length: 60 }, (_, index) => `/layers/${"x".repeat(70)}${index}`);
    expect(lines({ ...OVERLAY, lower }).filter((line) => line.includes(" mount("))).toEqual([]);
  });
});
