// Images: ocicat beside podman, containerd, docker, skopeo and umoci, and beside tar.

import { join } from "node:path";
import { TestRegistry } from "../../testing/registry.ts";
import { measureMounts } from "./mounting.ts";
import { startPrograms } from "./programs.ts";
import { imageResultText, mountText } from "./report.ts";
import { imageScenarios, measureImageScenario } from "./scenarios.ts";
import { makeSubjects } from "./subjects.ts";

/** A machine with a slow disk takes half an hour for five. */
const ROUNDS = Number(process.env["OCICAT_BENCH_ROUNDS"] ?? "5");

/** Returns the sections of the page. */
export async function measureImages(folder: string): Promise<readonly string[]> {
  await using registry = await TestRegistry.start(join(folder, "registry"));
  const subjects = await makeSubjects(folder, registry);
  await using programs = await startPrograms(folder);
  const sections = [mountText(await measureMounts(folder, subjects.layout))];
  for (const scenario of imageScenarios(programs, subjects, folder)) {
    console.error(`${scenario.title} ...`);
    const section = imageResultText(await measureImageScenario(scenario, ROUNDS));
    console.error(`\n${section}\n`);
    sections.push(section);
  }
  return sections;
}
