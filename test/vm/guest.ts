// Where a test of this lane runs: inside the virtual machine that tools/vm boots, and nowhere else.
// There OCICAT_VM names the kind of machine.

const mode = process.env["OCICAT_VM"];

/** Whether this is a guest of the kind, or of any kind. */
export function isGuest(kind?: "cgroup2" | "systemd"): boolean {
  return kind === undefined ? mode !== undefined : mode === kind;
}

/** An emulated machine on a busy host is slow; above the patience of the programs under test. */
export const GUEST_TEST_TIMEOUT_MS = 180_000;
