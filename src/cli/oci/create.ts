// `create`: makes a container, whose process waits for `start`.

import { create as createContainer } from "../../runtime/create.ts";
import { defineCommand } from "./command.ts";
import { CREATE_FLAGS, createOptions } from "./create-flags.ts";

export const create = defineCommand({
  name: "create",
  usage: "ID",
  flags: CREATE_FLAGS,
  args: { min: 1, max: 1 },
  async act(context, flags) {
    await createContainer(createOptions(context, flags));
    return 0;
  },
});
