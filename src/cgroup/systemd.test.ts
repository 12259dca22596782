import { expect, test } from "bun:test";
import { SOCK_STREAM } from "../abi/process.ts";
import { call } from "../sys/call.ts";
import { close, tryRead, writeAll } from "../sys/file.ts";
import { bytes, encodeText } from "../sys/memory.ts";
import { socketPair } from "../sys/socket.ts";
import { BusConnection } from "./dbus/connection.ts";
import { decodeMessage, encodeMessage, type Message, messageLength } from "./dbus/message.ts";
import { Systemd, socketPathOf, versionNumber } from "./systemd.ts";

// The client stands still while it waits, so everything that the other side will say is put into the
// socket first; afterwards the test reads what the client said.

type Answer = Omit<Message, "serial">;

const WELCOME = "OK 0123456789abcdef\r\nAGREE_UNIX_FD\r\n";

function returned(serial: number, signature = "", body: Message["body"] = []): Answer {
  return { type: "return", replySerial: serial, signature, body };
}

function failed(serial: number, errorName: string, text: string): Answer {
  return { type: "error", replySerial: serial, errorName, signature: "s", body: [text] };
}

function jobRemoved(job: string, result: string): Answer {
  return {
    type: "signal",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "JobRemoved",
    signature: "uoss",
    body: [1, job, "a.scope", result],
  };
}

interface Conversation {
  readonly lines: string;
  readonly calls: readonly Message[];
}

/** What the client says while `action` runs against a peer with these answers. */
function converse(
  greeting: string,
  answers: readonly Answer[],
  action: (systemd: Systemd) => void,
): Conversation {
  const [clientFd, serverFd] = socketPair(SOCK_STREAM);
  try {
    writeAll(serverFd, encodeText(greeting), "the client");
    answers.forEach((answer, index) => {
      writeAll(serverFd, encodeMessage({ ...answer, serial: index + 1 }), "the client");
    });
    call("shutdown", serverFd, 1);
    const connection = new BusConnection(clientFd, "the fake bus");
    using systemd = new Systemd(connection);
    connection.authenticate();
    action(systemd);
    return split(readAvailable(serverFd));
  } finally {
    close(serverFd);
  }
}

function readAvailable(fd: number): Uint8Array {
  const buffer = bytes(65_536);
  return buffer.subarray(0, Math.max(0, tryRead(fd, buffer)));
}

function split(said: Uint8Array): Conversation {
  const marker = "BEGIN\r\n";
  const end = Buffer.from(said).indexOf(marker) + marker.length;
  const calls: Message[] = [];
  for (let rest = said.slice(end); rest.length > 0; rest = rest.slice(messageLength(rest))) {
    calls.push(decodeMessage(rest.slice(0, messageLength(rest))));
  }
  return { lines: Buffer.from(said.slice(0, end)).toString(), calls };
}

const UID = process.geteuid?.() ?? 0;
const END = "NEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
const HEX_UID = Buffer.from(String(UID)).toString("hex");

test("authenticates by the uid, and by the socket alone where that is refused", () => {
  const plain = converse(WELCOME, [], () => undefined);
  expect(plain.lines).toBe(`\0AUTH EXTERNAL ${HEX_UID}\r\n${END}`);
  const mapped = converse(`REJECTED EXTERNAL\r\nDATA\r\n${WELCOME}`, [], () => undefined);
  expect(mapped.lines).toBe(`\0AUTH EXTERNAL ${HEX_UID}\r\nAUTH EXTERNAL\r\nDATA\r\n${END}`);
  expect(() => converse("REJECTED\r\nREJECTED\r\n", [], () => undefined)).toThrow(
    "it refused the user",
  );
  expect(() => converse("", [], () => undefined)).toThrow("it closed the connection");
  expect(() => converse("x".repeat(5000), [], () => undefined)).toThrow("it does not speak D-Bus");
});

test("starts a unit and waits for its own job, whatever else is signalled", () => {
  const answers = [
    jobRemoved("/job/7", "failed"),
    returned(1, "o", ["/job/8"]),
    jobRemoved("/job/6", "failed"),
    jobRemoved("/job/8", "done"),
  ];
  const { calls } = converse(WELCOME, answers, (systemd) => {
    systemd.startUnit("a.scope", [["PIDs", { signature: "au", value: [42] }]]);
  });
  expect(calls.map(({ member }) => member)).toEqual(["StartTransientUnit"]);
  expect(calls[0]?.destination).toBe("org.freedesktop.systemd1");
  expect(calls[0]?.body).toEqual([
    "a.scope",
    "replace",
    [["PIDs", { signature: "au", value: [42] }]],
    [],
  ]);
});

test("a job that was over before its call was answered is found too", () => {
  const answers = [jobRemoved("/job/8", "done"), returned(1, "o", ["/job/8"])];
  const { calls } = converse(WELCOME, answers, (systemd) => systemd.startUnit("a.scope", []));
  expect(calls).toHaveLength(1);
});

test("a failed unit of the same name is reset, once", () => {
  const exists = "org.freedesktop.systemd1.UnitExists";
  const answers = [
    failed(1, exists, "Unit a.scope already exists."),
    returned(2),
    returned(3, "o", ["/job/9"]),
    jobRemoved("/job/9", "done"),
  ];
  const { calls } = converse(WELCOME, answers, (systemd) => systemd.startUnit("a.scope", []));
  expect(calls.map(({ member }) => member)).toEqual([
    "StartTransientUnit",
    "ResetFailedUnit",
    "StartTransientUnit",
  ]);
  const again = [failed(1, exists, "x"), returned(2), failed(3, exists, "already exists")];
  expect(() => converse(WELCOME, again, (systemd) => systemd.startUnit("a.scope", []))).toThrow(
    'start the unit "a.scope": systemd says: already exists (org.freedesktop.systemd1.UnitExists)',
  );
});

test("a job that fails names its result", () => {
  const answers = [returned(1, "o", ["/job/1"]), jobRemoved("/job/1", "timeout"), returned(2)];
  expect(() => converse(WELCOME, answers, (systemd) => systemd.startUnit("a.scope", []))).toThrow(
    `start the unit "a.scope": systemd's job ended with "timeout"`,
  );
});

test("stopping waits for the job and forgets the failure; a unit that is gone is as good", () => {
  const stop = (systemd: Systemd): void => systemd.stopUnit("a.scope");
  const answers = [returned(1, "o", ["/job/1"]), jobRemoved("/job/1", "done"), returned(2)];
  const members = converse(WELCOME, answers, stop).calls.map(({ member }) => member);
  expect(members).toEqual(["StopUnit", "ResetFailedUnit"]);
  const gone = "org.freedesktop.systemd1.NoSuchUnit";
  const { calls } = converse(WELCOME, [failed(1, gone, "not loaded"), failed(2, gone, "x")], stop);
  expect(calls).toHaveLength(2);
  const denied = failed(1, "org.freedesktop.DBus.Error.AccessDenied", "no");
  expect(() => converse(WELCOME, [denied], stop)).toThrow("AccessDenied");
});

test("sets properties until the next boot, and reads the version once", () => {
  const version = returned(1, "v", [{ signature: "s", value: "252.39-1~deb12u1" }]);
  const { calls } = converse(WELCOME, [version, returned(2)], (systemd) => {
    expect(systemd.version()).toBe(252);
    expect(systemd.version()).toBe(252);
    systemd.setProperties("a.scope", [["MemoryMax", { signature: "t", value: 4096 }]]);
  });
  expect(calls[0]?.body).toEqual(["org.freedesktop.systemd1.Manager", "Version"]);
  expect(calls[1]?.member).toBe("SetUnitProperties");
  expect(calls[1]?.body.slice(0, 2)).toEqual(["a.scope", true]);
});

test("joins a broker before it asks for anything", () => {
  const answers = [returned(1, "s", [":1.5"]), returned(2), returned(3)];
  const { calls } = converse(WELCOME, answers, (systemd) => systemd.joinBroker());
  expect(calls.map(({ member }) => member)).toEqual(["Hello", "AddMatch", "Subscribe"]);
});

test("a peer that goes away or talks nonsense is a typed error", () => {
  const ask = (systemd: Systemd): void => {
    systemd.version();
  };
  expect(() => converse(WELCOME, [], ask)).toThrow(
    "talk to the fake bus: it closed the connection",
  );
  expect(() => converse(`${WELCOME}${"B".repeat(64)}`, [], ask)).toThrow("read a D-Bus message");
});

test("addresses and versions are read as systemd writes them", () => {
  expect(socketPathOf("unix:path=/run/user/1000/bus")).toBe("/run/user/1000/bus");
  expect(socketPathOf("unix:guid=1,path=/a%20b,x=y;unix:path=/c")).toBe("/a b");
  expect(socketPathOf("tcp:host=x;unix:path=/c")).toBe("/c");
  expect(socketPathOf("unix:abstract=/tmp/x")).toBeUndefined();
  expect(versionNumber("v239")).toBe(239);
  expect(versionNumber("252.39-1~deb12u1")).toBe(252);
});
