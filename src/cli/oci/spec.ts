// `spec`: writes a config.json to begin with.

import { AT_FDCWD, O_CREAT, O_EXCL, O_WRONLY } from "../../abi/file.ts";
import { detectCgroupHost } from "../../cgroup/detect.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defaultSpec } from "../../oci/default-spec.ts";
import { encodeDocument } from "../../oci/encode.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, tryOpenAt, writeAll } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "./command.ts";

const FILE_NAME = "config.json";

export const spec = defineCommand({
  name: "spec",
  usage: "",
  flags: {
    bundle: { kind: "text", aliases: ["b"], value: "FOLDER", help: "where to write it" },
    rootless: { kind: "switch", help: "for a container of the user who runs this" },
  },
  args: { min: 0, max: 0 },
  act(_, flags) {
    const path = `${absolutePath(flags.text("bundle") ?? ".")}/${FILE_NAME}`;
    const user = { uid: call("geteuid"), gid: call("getegid") };
    const document = defaultSpec({
      cgroupNamespace: detectCgroupHost().layout === "v2",
      ...(flags.switch("rootless") ? { rootless: user } : {}),
    });
    writeNewFile(path, `${encodeDocument(document)}\n`);
    return 0;
  },
});

function writeNewFile(path: string, text: string): void {
  const fd = tryOpenAt(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0o666);
  if (fd === -Errno.EEXIST) {
    throw new OcicatError("already-exists", {
      operation: "write",
      subject: path,
      reason: `File ${FILE_NAME} exists. Remove it first`,
    });
  }
  using file = new OwnedFd(checked(fd, "write", path));
  writeAll(file.number, encodeText(text), path);
}
