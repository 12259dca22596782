import { expect, test } from "bun:test";
import { openImageRoot } from "./image-root.ts";

const PLACE = { storeRoot: "/store", stateRoot: "/state" };

function openFolders(count: number): readonly string[] {
  const layers = Array.from({ length: count }, (_, index) => `layer-${index}`);
  using root = openImageRoot({ format: "directory", layers }, PLACE);
  return root.lower;
}

test("folders are as many as overlayfs takes, or an error says so", () => {
  expect(openFolders(0)).toEqual([]);
  expect(openFolders(500)).toHaveLength(500);
  expect(openFolders(500)[0]).toBe("/store/layers/layer-0/fs");
  expect(() => openFolders(501)).toThrow("there are 501, and overlayfs takes 500");
});
