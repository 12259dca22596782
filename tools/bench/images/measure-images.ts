// Images: ocicat beside podman, containerd, docker, skopeo and umoci, and beside tar.

import { join } from "node:path";
import { TestRegistry } from "../../testing/registry.ts";
import { measureMounts } from "./mounting.ts";
import { startPrograms } from "./programs.ts";
import { imageResultText, mountText } from "./report.ts";
import { imageScenarios, measureImageScenario } from "./scenarios.ts";
import { makeSubjects } from "./subjects.ts";

const ROUNDS = Number(process.env["OCICAT_BENCH_ROUNDS"] ?? "5");

/** Returns the sections of the page. */
export async function measureImages(folder: string): Promise<readonly string[]> {
  await using registry = await TestRegistry.start(join(folder, "registry"));
  const subjects = await makeSubjects(folder, registry);
  await using programs = await startPrograms(folder);
  const sections: string[] = [];
  for (const scenario of imageScenarios(programs, subjects, folder)) {
    console.error(scenario.title);
    sections.push(imageResultText(await measureImageScenario(scenario, ROUNDS)));
  }
  sections.push(mountText(await measureMounts(folder, subjects.layout)));
  return sections;
}
