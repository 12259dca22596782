// Reads an image's configuration: image-spec config.md, and the two properties of Docker's that
// outlive a build.

import { digestProblem } from "../digest.ts";
import type { Fields } from "./fields.ts";
import { INT64_MAX } from "./ranges.ts";

export function checkImage(image: Fields): void {
  image.required("architecture", "os", "rootfs");
  for (const name of ["architecture", "os", "variant", "os.version", "created", "author"]) {
    image.text(name);
  }
  image.texts("os.features");
  image.object("config", checkConfig);
  image.object("rootfs", (rootfs) => {
    rootfs.required("type");
    // Go's programs write an empty list as null; the model has it as a list.
    rootfs.fillIn("diff_ids", []);
    rootfs.choice("type", ["layers"]);
    rootfs.texts("diff_ids", digestProblem);
  });
  image.objects("history", checkHistory);
}

function checkConfig(config: Fields): void {
  config.text("User");
  config.keys("ExposedPorts");
  config.texts("Env");
  config.texts("Entrypoint");
  config.texts("Cmd");
  config.keys("Volumes");
  config.text("WorkingDir");
  config.textRecord("Labels");
  config.text("StopSignal");
  config.texts("Shell");
  config.object("Healthcheck", checkHealthcheck);
}

function checkHealthcheck(healthcheck: Fields): void {
  healthcheck.texts("Test");
  for (const name of ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"]) {
    healthcheck.integer(name, 0, INT64_MAX);
  }
}

function checkHistory(entry: Fields): void {
  for (const name of ["created", "created_by", "author", "comment"]) {
    entry.text(name);
  }
  entry.flag("empty_layer");
}
