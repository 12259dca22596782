// Boots a guest in QEMU with software emulation (no KVM, no privilege), shows its console, and takes
// its verdict. The guest never outlives this process, nor the time that it is given. One that ends, or stands
// still, before its first verdict is started again, and that is said: an emulated machine does not always come up.

import { Disk, makeEmptyDisk } from "./disk.ts";
import type { Machine } from "./machine.ts";
import { INIT_OF_MODE } from "./modes.ts";
import { Refusal } from "./refusal.ts";
import {
  decodeVerdict,
  type GuestEnd,
  type Plan,
  planArgument,
  VERDICT_DISK_SIZE,
} from "./verdict.ts";

export interface HostedMachine extends Machine {
  readonly tscRateKhz: number;
  readonly payload: Disk;
}

/**
 * Without what costs an emulator much and no test needs: copying by bytes (the kernel and libc would take it for
 * the fastest way), checks of each access by page tables of its own, and tables of five levels.
 */
const CPU = "max,-erms,-smap,-smep,-pku,-umip,-la57";

/**
 * Of the kernel: no detours around what processors guess, no randomness, which gives each process other addresses
 * to translate, no memory cleared twice, no string instructions in copies of pages, and no huge pages: where a
 * process has one, the emulator forgets all addresses with each that changes. A third of the time of a test in all.
 */
const UNPROTECTED = [
  "mitigations=off",
  "nokaslr",
  "norandmaps",
  "init_on_alloc=0",
  "clearcpuid=rep_good",
  "transparent_hugepage=never",
];

/** From power on to the payload: a few seconds; 15 on a host with three times as much to do as it can. */
const BOOT_LIMIT_MS = 120_000;
/** Longer than a test file may take. */
const SILENCE_LIMIT_MS = 660_000;
const BOOT_ATTEMPTS = 3;

export function runGuest(machine: HostedMachine, plan: Plan, timeoutMs: number): Promise<GuestEnd> {
  return untilVerdict(plan.name, () => runOnce(machine, plan, timeoutMs));
}

/** `run` again while there is no verdict at all, and attempts are left. */
export async function untilVerdict(name: string, run: () => Promise<GuestEnd>): Promise<GuestEnd> {
  let end = await run();
  for (let attempt = 2; end.verdict === undefined && attempt <= BOOT_ATTEMPTS; attempt++) {
    console.log(`vm ${name}: no verdict (${end.manner}); attempt ${attempt}`);
    end = await run();
  }
  return end;
}

async function runOnce(machine: HostedMachine, plan: Plan, timeoutMs: number): Promise<GuestEnd> {
  using disk = await Disk.make((path) => makeEmptyDisk(path, VERDICT_DISK_SIZE));
  const begin = performance.now();
  const command = qemuCommand(machine, plan);
  const manner = await boot(command, [machine.payload, disk], { name: plan.name, timeoutMs });
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(`vm ${plan.name}: ${seconds} s`);
  return { manner: `${manner} after ${seconds} s`, verdict: decodeVerdict(disk.read()) };
}

/** Its two disks are at the descriptors behind the standard ones. */
function qemuCommand(machine: HostedMachine, plan: Plan): string[] {
  const kernelArguments = [
    "console=ttyS0",
    "quiet",
    "panic=-1",
    "reboot=t",
    // The emulated counters are the host's, hence in step. Without the second word the kernel doubts it
    // and falls back to a clock of 4 ms.
    `tsc_early_khz=${machine.tscRateKhz}`,
    "tsc=reliable",
    `ocicat.init=${INIT_OF_MODE[plan.mode]}`,
    planArgument(plan),
    "systemd.show_status=false",
    ...UNPROTECTED,
  ];
  return [
    // The kernel ends QEMU when this process dies, whatever it dies of.
    ...["setpriv", "--pdeathsig", "KILL"],
    "qemu-system-x86_64",
    ...["-machine", "microvm,accel=tcg,pit=on,pic=on,rtc=on", "-cpu", CPU],
    ...["-m", "1024", "-smp", `${plan.processors}`],
    ...["-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-serial", "stdio"],
    ...["-kernel", machine.kernel, "-initrd", machine.initrd],
    ...["-append", kernelArguments.join(" ")],
    ...["-global", "virtio-mmio.force-legacy=false"],
    // What the guest writes to these two is gone with it.
    ...disk("ocicat-root", `${machine.rootDisk},snapshot=on`),
    ...disk("ocicat-payload", "/dev/fd/3,snapshot=on"),
    ...disk("ocicat-verdict", "/dev/fd/4"),
  ];
}

/** The serial number is how the guest knows a disk. */
function disk(serial: string, file: string): string[] {
  return [
    ...["-drive", `id=${serial},format=raw,if=none,file=${file}`],
    ...["-device", `virtio-blk-device,drive=${serial},serial=${serial}`],
  ];
}

interface Boot {
  readonly name: string;
  readonly timeoutMs: number;
}

/** Returns how it ended: "its time was up". */
async function boot(
  command: readonly string[],
  disks: readonly Disk[],
  { name, timeoutMs }: Boot,
): Promise<string> {
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "pipe", "inherit", ...disks.map(({ fd }) => fd)],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let silence: string | undefined;
  const stop = () => child.kill("SIGKILL");
  const stopSilent = (what: string) => {
    silence = what;
    stop();
  };
  // A kernel that cannot start, or go on, says nothing: it should not cost the whole time.
  let limit = setTimeout(stopSilent, BOOT_LIMIT_MS, "it did not come up");
  const heard = () => {
    clearTimeout(limit);
    limit = setTimeout(stopSilent, SILENCE_LIMIT_MS, "it stood still");
  };
  let interruption: string | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    interruption = signal;
    stop();
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt).once("exit", stop);
  try {
    await showConsole(child.stdout, name, heard);
    await child.exited;
  } finally {
    stop();
    clearTimeout(limit);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("exit", stop);
  }
  if (interruption !== undefined) {
    throw new Refusal(`vm ${name}: interrupted by ${interruption}`);
  }
  return silence ?? mannerOf(child);
}

function mannerOf({ signalCode, exitCode }: Bun.Subprocess): string {
  if (signalCode === "SIGKILL") {
    return "its time was up";
  }
  if (signalCode !== null) {
    return `QEMU was ended by ${signalCode}`;
  }
  return exitCode === 0 ? "it powered off" : `QEMU ended with status ${exitCode}`;
}

/** Calls `heard` for each line once the payload has begun. */
async function showConsole(
  output: ReadableStream<Uint8Array>,
  name: string,
  heard: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let isUp = false;
  const show = (line: string) => {
    console.log(`vm ${name} | ${printable(line)}`);
    isUp ||= line.startsWith("guest: up");
    if (isUp) {
      heard();
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
