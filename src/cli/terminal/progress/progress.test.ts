// Progress, drawn for terminals of many sizes, and as lines.

import { describe, expect, test } from "bun:test";
import type { ImageEvent, LayerPhase } from "../../../image/image-event.ts";
import { drawBoard, timeLeft } from "./draw-board.ts";
import { LayerBoard } from "./layer-board.ts";
import { LineProgress } from "./line-progress.ts";
import { parseProgressStyle } from "./progress.ts";
import { ScreenRegion } from "./screen-region.ts";

function layerEvent(index: number, phase: LayerPhase, bytes = 0, of = 10_000_000) {
  const digest = `sha256:${String(index).padStart(2, "0").repeat(32)}`;
  return { kind: "layer", digest, phase, bytes, of } as const;
}

/** Layers that have been downloading for two seconds. */
function boardOf(count: number): LayerBoard {
  const board = new LayerBoard();
  for (let index = 0; index < count; index += 1) {
    board.take(layerEvent(index, "waiting"), 0);
  }
  return board;
}

const WIDE = { columns: 100, rows: 24, color: false, origin: "registry" } as const;

describe("bars", () => {
  test("show bytes, rate and time left", () => {
    const board = boardOf(3);
    board.take(layerEvent(0, "downloading", 0), 1000);
    board.take(layerEvent(0, "downloading", 4_000_000), 3000);
    board.take(layerEvent(1, "done", 10_000_000), 3000);
    expect(drawBoard(board.layers, WIDE, 3000)).toEqual([
      "000000000000  downloading  [=============>                     ]         4MB/10MB     2MB/s      3s",
      "010101010101  done                                                           10MB",
      "020202020202  waiting                                                        10MB",
      "1 of 3 layers, 14MB of 30MB, 2MB/s, 8s left",
    ]);
  });

  test("are as narrow as the terminal", () => {
    const board = boardOf(2);
    board.take(layerEvent(0, "downloading", 0), 1000);
    board.take(layerEvent(0, "downloading", 5_000_000), 2000);
    for (let columns = 2; columns < 140; columns += 1) {
      const lines = drawBoard(board.layers, { ...WIDE, columns }, 2000);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    }
    const [narrow] = drawBoard(board.layers, { ...WIDE, columns: 50 }, 2000);
    expect(narrow).toBe("000000000000  downloading         5MB/10MB     5M");
  });

  test("are those of the layers that move, where there is no room for all", () => {
    const board = boardOf(40);
    for (let index = 0; index < 30; index += 1) {
      board.take(layerEvent(index, "done", 10_000_000), 10);
    }
    board.take(layerEvent(35, "unpacking", 1), 20);
    const lines = drawBoard(board.layers, { ...WIDE, rows: 7 }, 20);
    expect(lines).toHaveLength(6);
    expect(lines.filter((line) => line.includes("waiting"))).toHaveLength(4);
    expect(lines.filter((line) => line.includes("unpacking"))).toHaveLength(1);
    expect(lines.at(-1)).toBe("30 of 40 layers, 300MB of 400MB, 35 not shown");
  });

  test("have colours where they are wanted, and the same width", () => {
    const board = boardOf(1);
    board.take(layerEvent(0, "done", 10_000_000), 0);
    const [plain = ""] = drawBoard(board.layers, WIDE, 0);
    const [colored = ""] = drawBoard(board.layers, { ...WIDE, color: true }, 0);
    expect(colored).not.toBe(plain);
    expect(Bun.stripANSI(colored)).toBe(plain);
  });

  test("say nothing about a layer whose size is not known", () => {
    const board = new LayerBoard();
    board.take(layerEvent(0, "downloading", 0, 0), 0);
    expect(drawBoard(board.layers, WIDE, 0)).toEqual([
      "000000000000  downloading",
      "0 of 1 layers",
    ]);
  });
});

test.each<[number, number, string]>([
  [0, 1, "0s"],
  [59.5, 1, "1m00s"],
  [125, 1, "2m05s"],
  [4020, 1, "1h07m"],
  [1, 0, ""],
  [-1, 1, ""],
  [1e9, 1, ""],
])("%d bytes at %d a second take %p", (bytes, rate, text) => {
  expect(timeLeft(bytes, rate)).toBe(text);
});

test("a rate is that of the last seconds, and starts anew with each phase", () => {
  const board = boardOf(1);
  for (let second = 0; second <= 20; second += 1) {
    const bytes = second < 10 ? second * 100_000 : 900_000 + (second - 9) * 10_000;
    board.take(layerEvent(0, "downloading", bytes), second * 1000);
  }
  const [layer] = board.layers;
  expect(layer?.rate(20_000)).toBe(10_000);
  board.take(layerEvent(0, "unpacking", 0), 20_100);
  expect(layer?.rate(20_100)).toBeUndefined();
  // Nothing comes: the rate falls.
  board.take(layerEvent(0, "unpacking", 1000), 21_100);
  expect(layer?.rate(22_100)).toBe(500);
});

describe("the region", () => {
  test("is written over from its first line, with the cursor hidden meanwhile", () => {
    const written: string[] = [];
    const region = new ScreenRegion((text) => written.push(text));
    region.draw(["one", "two"], 80);
    region.draw(["one", "two"], 80);
    region.print("stays\n", 80);
    region.draw(["three"], 80);
    expect(written).toEqual([
      "\x1b[?25lone\ntwo\n\x1b[?25h",
      "\x1b[?25l\r\x1b[2A\x1b[Jstays\none\ntwo\n\x1b[?25h",
      "\x1b[?25l\r\x1b[2A\x1b[Jthree\n\x1b[?25h",
    ]);
  });

  test("leaves what was drawn when others have written since", () => {
    let last = "";
    const region = new ScreenRegion((text) => {
      last = text;
    });
    region.draw(["one"], 80);
    region.forget();
    region.draw(["two"], 80);
    expect(last).toBe("\x1b[?25ltwo\n\x1b[?25h");
  });

  test("knows that a narrower terminal has broken its lines", () => {
    let last = "";
    const region = new ScreenRegion((text) => {
      last = text;
    });
    region.draw(["x".repeat(90), "y"], 100);
    region.draw([], 40);
    expect(last).toContain("\x1b[4A");
  });
});

test("nobody downloads from a file", () => {
  const board = new LayerBoard();
  board.take(layerEvent(0, "downloading", 0, 0), 0);
  expect(drawBoard(board.layers, { ...WIDE, origin: "file" }, 0)[0]).toBe("000000000000  reading");
  let text = "";
  new LineProgress((part) => {
    text += part;
  }, "file").show(layerEvent(0, "downloading"));
  expect(text).toBe("000000000000: reading 10MB\n");
});

describe("lines", () => {
  test("one for each phase, and a reminder of what takes long", () => {
    let text = "";
    let ms = 0;
    const lines = new LineProgress(
      (part) => {
        text += part;
      },
      "registry",
      () => ms,
    );
    const events: readonly (readonly [number, ImageEvent])[] = [
      [0, { kind: "resolved", name: "docker.io/library/debian:12", digest: "sha256:abc" }],
      [0, layerEvent(1, "exists", 0, 0)],
      [0, layerEvent(0, "waiting")],
      [0, layerEvent(0, "downloading")],
      [100, layerEvent(0, "downloading", 1_000_000)],
      [500, { kind: "retry", subject: "blob sha256:00", reason: "reset", waitMs: 1500 }],
      [10_100, layerEvent(0, "downloading", 4_000_000)],
      [10_200, layerEvent(0, "downloading", 5_000_000)],
      [12_000, layerEvent(0, "unpacking")],
      [12_340, layerEvent(0, "done", 10_000_000)],
      [12_340, { kind: "note", text: "owners are not kept" }],
    ];
    for (const [at, event] of events) {
      ms = at;
      lines.show(event);
    }
    lines.finish();
    expect(text.split("\n")).toEqual([
      "docker.io/library/debian:12: sha256:abc",
      "010101010101: exists",
      "000000000000: waiting 10MB",
      "000000000000: downloading 10MB",
      "blob sha256:00: reset, again in 1.5 s",
      "000000000000: downloading 4MB of 10MB",
      "000000000000: unpacking 10MB",
      "000000000000: done 10MB in 12.3 s",
      "note: owners are not kept",
      "",
    ]);
  });
});

test("styles have docker's names too", () => {
  expect(["auto", "tty", "plain", "json", "none", "bars"].map(parseProgressStyle)).toEqual([
    "auto",
    "bars",
    "lines",
    "json",
    "none",
    "bars",
  ]);
  expect(() => parseProgressStyle("constructor")).toThrow("it is one of auto, tty, plain");
});
