// A program that drives the engine: starts a service in the background, reads what it writes, stops it,
// and removes it. What it starts would outlive it, as with `ocicat run -d`.
//
//   bun examples/containers.ts IMAGE

import { engine } from "ocicat";

async function main(image: string): Promise<void> {
  const script = 'trap "echo goodbye; exit 3" TERM; echo hello; while :; do sleep 0.1; done';
  const options = engine.plainOptions(image, ["sh", "-c", script], {
    detach: true,
    labels: { example: "yes" },
    limits: { memory: 64 * 1024 * 1024 },
  });
  const started = await engine.runContainer(options);
  if (started.kind !== "detached") {
    return;
  }
  const { id } = started;
  try {
    await firstLine(id);
    const [found] = await engine.listContainers({ all: false, filters: ["label=example=yes"] });
    say(`running: ${found?.record.id === id}`);
    await engine.stopContainer(id, {});
    say(`exit code: ${await engine.waitForContainer(id, {})}`);
    await engine.readContainerLog(id, { follow: false }, ({ content }) => {
      say(`log: ${new TextDecoder().decode(content)}`);
    });
  } finally {
    await engine.removeContainer(id, { force: true });
  }
}

/** Until the service has written something. */
async function firstLine(id: string): Promise<void> {
  for (let isThere = false; !isThere; ) {
    await engine.readContainerLog(id, { follow: false }, () => {
      isThere = true;
    });
    await Bun.sleep(20);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.argv[2] ?? "debian");
} catch (error) {
  const hint = error instanceof engine.OcicatError ? error.hint : undefined;
  say(`${error instanceof Error ? error.message : String(error)}\n${hint ?? ""}`);
  process.exitCode = 1;
}
