// A program that embeds the runtime: makes a container from a bundle (a folder with config.json and a
// root file system), waits for its end, deletes it, and ends as its process did.
//
//   bun examples/embed.ts BUNDLE
//
// The event loop goes on meanwhile: this one counts the seconds, and a server would serve.

import {
  create,
  deleteContainer,
  exitCodeOf,
  OcicatError,
  queryState,
  setChildSubreaper,
  start,
  statsOf,
  waitForPid,
  waitUntilStopped,
} from "ocicat/runtime";

async function runBundle(bundle: string): Promise<number> {
  // Where the state of our containers is: an own folder keeps them apart from those of others.
  const container = { stateRoot: "/run/ocicat-embed", id: `example-${process.pid}` };

  // The container's process becomes an orphan when it is created. Adopted, it tells us how it ended.
  setChildSubreaper();

  // Everything that can be refused is refused here, before anything is made.
  const { pid } = await create({ ...container, bundle });
  try {
    say(`created: process ${pid} waits, ${statsOf(container).pids.current ?? 0} in its cgroup`);
    start(container);
    say(`started: ${queryState(container).status}`);
    const timer = setInterval(() => say("still running"), 1000);
    await waitUntilStopped(container);
    clearInterval(timer);
    return exitCodeOf(waitForPid(pid));
  } finally {
    // Also a container that still runs, because something above failed.
    deleteContainer({ ...container, force: true });
    say("deleted");
  }
}

function say(text: string): void {
  process.stderr.write(`embed: ${text}\n`);
}

const [bundle] = process.argv.slice(2);
if (bundle?.startsWith("/") !== true) {
  say("usage: bun examples/embed.ts BUNDLE, an absolute path");
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await runBundle(bundle);
  } catch (error) {
    // `code` says what kind of failure it is, `faults` what is wrong with a document.
    const kind = error instanceof OcicatError ? error.code : "defect";
    say(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
