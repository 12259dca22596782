// version: which ocicat this is.

import packageFile from "../../package.json" with { type: "json" };
import { OCI_VERSION } from "../oci/spec.ts";
import { defineCommand } from "./command.ts";
import { writeOutput } from "./write-text.ts";

export const version = defineCommand({
  usage: ["[--format json|TEMPLATE]"],
  about: `Shows the version.

Fields of --format: .Version .OciVersion .BunVersion .Os .Arch, also as .Client.Version and
.Server.Version, as scripts ask docker and podman.`,
  flags: {
    format: { kind: "text", aliases: ["f"], value: "FORMAT", help: "json or a Go template" },
  },
  refused: () => Promise.resolve({ kubeconfig: { reason: "no cluster is asked" } }),
  args: { min: 0, max: 0 },
  examples: ["ocicat version", "ocicat version --format '{{.Version}}'"],
  async act(flags) {
    const format = flags.text("format") ?? "";
    if (format === "") {
      writeOutput(`ocicat ${packageFile.version}\n`);
    } else if (format === "json") {
      writeOutput(`${JSON.stringify(versions())}\n`);
    } else {
      const { Template } = await import("./terminal/template/template.ts");
      writeOutput(`${new Template(format).render(versions())}\n`);
    }
    return 0;
  },
});

/** There is no server apart from the program itself. */
function versions() {
  const own = {
    Version: packageFile.version,
    OciVersion: OCI_VERSION,
    BunVersion: Bun.version,
    Os: "linux",
    Arch: process.arch === "arm64" ? "arm64" : "amd64",
  };
  return { ...own, Client: own, Server: own };
}
