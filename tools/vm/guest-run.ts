// Boots a guest in QEMU with software emulation (no KVM, no privilege), shows its console, and takes
// its verdict. The guest never outlives this process, nor the time that it is given.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEmptyDisk } from "./disk.ts";
import type { Machine } from "./machine.ts";
import { INIT_OF_MODE, type Mode } from "./modes.ts";
import { makePayload } from "./payload.ts";
import { Refusal } from "./refusal.ts";
import { decodeVerdict, type Plan, VERDICT_DISK_SIZE, type Verdict } from "./verdict.ts";

export interface HostedMachine extends Machine {
  readonly tscRateKhz: number;
}

interface Disks {
  readonly payload: string;
  readonly verdict: string;
}

/**
 * Without what costs an emulator much and no test needs: copying by bytes (the kernel and libc would take it for
 * the fastest way) and checks of each access by page tables of its own.
 */
const CPU = "max,-erms,-smap,-smep,-pku,-umip";

/**
 * Of the kernel: no detours around what processors guess, no randomness, which gives each process other addresses
 * to translate, no memory cleared twice, and no string instructions in copies of pages. A third of the time of a
 * test in all.
 */
const UNPROTECTED = [
  "mitigations=off",
  "nokaslr",
  "norandmaps",
  "init_on_alloc=0",
  "clearcpuid=rep_good",
];

/** From power on to the payload: a few seconds, more on a busy host. */
const BOOT_LIMIT_MS = 300_000;

/** Returns undefined when the guest ended without a verdict. */
export async function runGuest(
  machine: HostedMachine,
  plan: Plan,
  timeoutMs: number,
): Promise<Verdict | undefined> {
  const work = await mkdtemp(join(tmpdir(), "ocicat-vm-"));
  try {
    const disks = { payload: join(work, "payload.img"), verdict: join(work, "verdict.img") };
    await makePayload(plan, work, disks.payload);
    await makeEmptyDisk(disks.verdict, VERDICT_DISK_SIZE);
    await boot(qemuCommand(machine, plan.mode, disks), plan.name, timeoutMs);
    return decodeVerdict(await Bun.file(disks.verdict).bytes());
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function qemuCommand(machine: HostedMachine, mode: Mode, disks: Disks): string[] {
  const kernelArguments = [
    "console=ttyS0",
    "quiet",
    "panic=-1",
    "reboot=t",
    // The emulated counters are the host's, hence in step. Without the second word the kernel doubts it
    // and falls back to a clock of 4 ms.
    `tsc_early_khz=${machine.tscRateKhz}`,
    "tsc=reliable",
    `ocicat.init=${INIT_OF_MODE[mode]}`,
    "systemd.show_status=false",
    ...UNPROTECTED,
  ];
  return [
    // The kernel ends QEMU when this process dies, whatever it dies of.
    ...["setpriv", "--pdeathsig", "KILL"],
    "qemu-system-x86_64",
    ...["-machine", "microvm,accel=tcg,pit=on,pic=on,rtc=on", "-cpu", CPU],
    ...["-m", "1024", "-smp", "2"],
    ...["-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-serial", "stdio"],
    ...["-kernel", machine.kernel, "-initrd", machine.initrd],
    ...["-append", kernelArguments.join(" ")],
    ...["-global", "virtio-mmio.force-legacy=false"],
    // What the guest writes to these two is gone with it.
    ...disk("ocicat-root", `${machine.rootDisk},snapshot=on`),
    ...disk("ocicat-payload", `${disks.payload},snapshot=on`),
    ...disk("ocicat-verdict", disks.verdict),
  ];
}

/** The serial number is how the guest knows a disk. */
function disk(serial: string, file: string): string[] {
  return [
    ...["-drive", `id=${serial},format=raw,if=none,file=${file}`],
    ...["-device", `virtio-blk-device,drive=${serial},serial=${serial}`],
  ];
}

async function boot(command: readonly string[], name: string, timeoutMs: number): Promise<void> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const stop = () => child.kill("SIGKILL");
  // A kernel that cannot start says nothing: it should not cost the whole time.
  const bootLimit = setTimeout(stop, BOOT_LIMIT_MS);
  let interruption: string | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    interruption = signal;
    stop();
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt).once("exit", stop);
  try {
    await showConsole(child.stdout, name, () => clearTimeout(bootLimit));
    await child.exited;
  } finally {
    stop();
    clearTimeout(bootLimit);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("exit", stop);
  }
  if (interruption !== undefined) {
    throw new Refusal(`vm ${name}: interrupted by ${interruption}`);
  }
  if (child.signalCode !== null) {
    console.log(`vm ${name}: ended by ${child.signalCode}: its time is up`);
  } else if (child.exitCode !== 0) {
    console.log(`vm ${name}: QEMU ended with status ${child.exitCode}`);
  }
}

/** Calls `isUp` once the payload has begun. */
async function showConsole(
  output: ReadableStream<Uint8Array>,
  name: string,
  isUp: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  const show = (line: string) => {
    console.log(`vm ${name} | ${printable(line)}`);
    if (line.startsWith("guest: up")) {
      isUp();
    }
  };
  let pending = "";
  for await (const chunk of output) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = lines.pop() ?? "";
    lines.forEach(show);
  }
  if (pending !== "") {
    show(pending);
  }
}

/** Without control characters: a guest must not draw on the terminal of its host. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is removed
  return line.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g, "");
}
