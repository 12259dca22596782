// systemd's own interface, org.freedesktop.systemd1.Manager: transient units, their properties, and
// waiting for its jobs (org.freedesktop.systemd1(5)).

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { stat } from "../sys/file.ts";
import { type BusConnection, connectToBus, type MethodCall } from "./dbus/connection.ts";
import { isVariant, type Message } from "./dbus/message.ts";
import type { DBusValue, Variant } from "./dbus/values.ts";

const SERVICE = "org.freedesktop.systemd1";
const MANAGER_PATH = "/org/freedesktop/systemd1";
const MANAGER = "org.freedesktop.systemd1.Manager";
const BROKER = "org.freedesktop.DBus";
const PRIVATE_SOCKET = "/run/systemd/private";
const SYSTEM_BUS_SOCKET = "/run/dbus/system_bus_socket";
const JOB_MATCH = `type='signal',interface='${MANAGER}',member='JobRemoved',path='${MANAGER_PATH}'`;

/** A unit's property: its name as D-Bus has it (MemoryMax, CPUQuotaPerSecUSec). */
export type UnitProperty = readonly [name: string, value: Variant];

/** Whether PID 1 of this machine is systemd: sd_booted(3). */
export function isSystemdRunning(): boolean {
  return stat("/run/systemd/system") !== undefined;
}

export class Systemd implements Disposable {
  readonly #connection: BusConnection;
  #version: number | undefined;

  constructor(connection: BusConnection) {
    this.#connection = connection;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** On a bus with a broker: become known to it, and ask for the signals that end jobs. */
  joinBroker(): void {
    const broker = { destination: BROKER, path: "/org/freedesktop/DBus", interface: BROKER };
    this.#request({ ...broker, member: "Hello" }, "the bus");
    const match = { signature: "s", body: [JOB_MATCH] };
    this.#request({ ...broker, member: "AddMatch", ...match }, "the bus");
    this.#manager("Subscribe", "", [], "systemd");
  }

  /** Starts a transient unit and waits until it is there. */
  startUnit(unit: string, properties: readonly UnitProperty[]): void {
    const body = [unit, "replace", properties, []];
    const start = (): Message =>
      this.#connection.request(managerCall("StartTransientUnit", "ssa(sv)a(sa(sv))", body));
    let answer = start();
    if (answer.errorName?.includes("UnitExists") === true) {
      // A failed unit of this name lingers until it is reset.
      this.resetFailed(unit);
      answer = start();
    }
    const [job = ""] = successOf(answer, "start the unit", unit);
    const result = this.#waitForJob(String(job));
    if (result !== "done") {
      this.resetFailed(unit);
      throw new OcicatError("unavailable", {
        operation: "start the unit",
        subject: quote(unit),
        reason: `systemd's job ended with ${quote(result)}`,
        hint: `systemctl status ${unit}`,
      });
    }
  }

  /** Stops a unit, waits until it is gone, and lets systemd forget a failed one. */
  stopUnit(unit: string): void {
    const answer = this.#connection.request(managerCall("StopUnit", "ss", [unit, "replace"]));
    if (answer.errorName?.includes("NoSuchUnit") !== true) {
      const [job = ""] = successOf(answer, "stop the unit", unit);
      this.#waitForJob(String(job));
    }
    this.resetFailed(unit);
  }

  /** A unit that has not failed, or is not there, is as good. */
  resetFailed(unit: string): void {
    this.#connection.request(managerCall("ResetFailedUnit", "s", [unit]));
  }

  /** Until the next boot: the limits of a running container are no configuration. */
  setProperties(unit: string, properties: readonly UnitProperty[]): void {
    this.#manager("SetUnitProperties", "sba(sv)", [unit, true, properties], unit);
  }

  /** 252 for "252.39-1~deb12u1". */
  version(): number {
    this.#version ??= versionNumber(String(this.#property("Version")));
    return this.#version;
  }

  /** The cgroup that this systemd itself manages, in the tree: "/user.slice/..." of a user's. */
  controlGroup(): string {
    return String(this.#property("ControlGroup"));
  }

  #property(name: string): DBusValue | undefined {
    const properties = "org.freedesktop.DBus.Properties";
    const method = { destination: SERVICE, path: MANAGER_PATH, interface: properties };
    const query = { member: "Get", signature: "ss", body: [MANAGER, name] };
    const [value] = this.#request({ ...method, ...query }, `its ${name}`);
    return isVariant(value) ? value.value : undefined;
  }

  #manager(member: string, signature: string, body: readonly DBusValue[], subject: string): void {
    this.#request(managerCall(member, signature, body), subject);
  }

  #request(method: MethodCall, subject: string): readonly DBusValue[] {
    return successOf(this.#connection.request(method), `call ${method.member} for`, subject);
  }

  /** "done", "canceled", "timeout", "failed", "dependency", "skipped". */
  #waitForJob(job: string): string {
    // JobRemoved(u id, o job, s unit, s result)
    const signal = this.#connection.waitForSignal(
      ({ member, body }) => member === "JobRemoved" && body[1] === job,
    );
    return String(signal.body[3]);
  }
}

function managerCall(member: string, signature: string, body: readonly DBusValue[]): MethodCall {
  const target = { destination: SERVICE, path: MANAGER_PATH, interface: MANAGER };
  return { ...target, member, signature, body };
}

/** The values of a "return"; an "error" is thrown, with its D-Bus name in the reason. */
function successOf(answer: Message, operation: string, subject: string): readonly DBusValue[] {
  if (answer.type === "error") {
    const [text = ""] = answer.body;
    const name = answer.errorName ?? "";
    const isDenied = name.endsWith(".AccessDenied") || name.endsWith("AuthorizationRequired");
    throw new OcicatError(isDenied ? "permission-denied" : "unavailable", {
      operation,
      subject: quote(subject),
      reason: `systemd says: ${String(text)} (${name})`,
    });
  }
  return answer.body;
}

export function versionNumber(text: string): number {
  return Number.parseInt(/\d+/.exec(text)?.[0] ?? "0", 10);
}

/**
 * Connects to the system's systemd, or to the user's. Root talks to the system's directly, without the
 * broker between: fewer messages, and it works before and without a D-Bus daemon.
 */
export function connectToSystemd(userBus: boolean): Systemd {
  if (!userBus && stat(PRIVATE_SOCKET) !== undefined) {
    return new Systemd(connectToBus(PRIVATE_SOCKET));
  }
  const systemd = new Systemd(connectToBus(userBus ? userBusSocket() : SYSTEM_BUS_SOCKET));
  try {
    systemd.joinBroker();
    return systemd;
  } catch (error) {
    systemd[Symbol.dispose]();
    throw error;
  }
}

function userBusSocket(): string {
  const address = process.env["DBUS_SESSION_BUS_ADDRESS"];
  const path = address === undefined ? undefined : socketPathOf(address);
  const runtimeDirectory = process.env["XDG_RUNTIME_DIR"];
  const usual = runtimeDirectory === undefined ? undefined : `${runtimeDirectory}/bus`;
  const found = path ?? usual;
  if (found === undefined) {
    throw new OcicatError("unavailable", {
      operation: "find",
      subject: "the user's D-Bus",
      reason: "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR names a socket",
      hint: "install dbus-user-session and log in again, or use the cgroupfs manager",
    });
  }
  return found;
}

/** The first Unix socket of "unix:path=/run/user/1000/bus,guid=...;tcp:...". */
export function socketPathOf(address: string): string | undefined {
  for (const one of address.split(";")) {
    const path = /^unix:(?:.*,)?path=([^,]+)/.exec(one)?.[1];
    if (path !== undefined) {
      return path.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      );
    }
  }
  return undefined;
}

/** Where the user's own systemd keeps its units. */
export function userManagerCgroup(): string {
  using systemd = connectToSystemd(true);
  return systemd.controlGroup();
}
