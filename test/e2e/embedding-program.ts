// A program that is not of this repository, in what it may import: library-package.test.ts copies it into a
// project of its own. It does with a container whatever a runtime can.
//
//   bun embedding-program.ts BUNDLE STATE_ROOT     BUNDLE's process has to stay until it is killed
//
// Prints what it has seen as JSON.

import {
  type ContainerAddress,
  type CreateOptions,
  create,
  decodeResources,
  defaultSpec,
  deleteContainer,
  encodeDocument,
  exec,
  exitCodeOf,
  explainCreate,
  features,
  kill,
  listContainers,
  listProgram,
  OcicatError,
  type Process,
  pauseContainer,
  processesOf,
  queryState,
  resumeContainer,
  run,
  type Spec,
  setChildSubreaper,
  start,
  statsOf,
  update,
  waitForPid,
  waitUntilStopped,
} from "ocicat/runtime";

const [bundle = "", stateRoot = ""] = process.argv.slice(2);
const container: ContainerAddress = { stateRoot, id: "embedded" };
const options: CreateOptions = { ...container, bundle };
const script = (text: string) => (own: Process | undefined) => ({
  user: { uid: 0, gid: 0 },
  cwd: "/",
  ...own,
  args: ["sh", "-c", text],
});

function codeOf(action: () => unknown): string {
  try {
    action();
    return "none";
  } catch (error) {
    return error instanceof OcicatError ? error.code : String(error);
  }
}

setChildSubreaper();
const { program } = await explainCreate(options);
const { pid } = await create(options);
const created = queryState(container).status;
start(container);
const executed = await exec({ ...container, process: script("exit 6") });
pauseContainer(container);
const paused = queryState(container).status;
resumeContainer(container);
update({ ...container, resources: decodeResources('{"pids":{"limit":50}}') });
const seen = {
  listing: listProgram(program).includes("execve("),
  created,
  executed: exitCodeOf(executed),
  paused,
  listed: listContainers(stateRoot).map(({ id, status }) => `${id} ${status}`),
  processes: processesOf(container).length,
  limit: statsOf(container).pids.limit,
  refused: codeOf(() => deleteContainer(container)),
};
kill({ ...container, signal: 9 });
await waitUntilStopped(container);
const killed = exitCodeOf(waitForPid(pid));
deleteContainer(container);
const spec: Spec = JSON.parse(await Bun.file(`${bundle}/config.json`).text());
const short: Spec = { ...defaultSpec(), ...spec, process: script("exit 5")(spec.process) };
const ran = await run({ ...options, id: "short", config: encodeDocument(short) });
const after = {
  killed,
  gone: codeOf(() => queryState(container)),
  ran: exitCodeOf(ran),
  version: features().ociVersionMax,
};
console.log(JSON.stringify({ ...seen, ...after }));
