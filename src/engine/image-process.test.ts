import { describe, expect, test } from "bun:test";
import { imageProcess, type ProcessDefaults, type ProcessRequest } from "./image-process.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/bash
broken line
evil:x:notanumber:0::/evil:
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nohome:x:40:41:::
12:x:500:501:a name of digits:/home/digits:/bin/sh
`;
const GROUP = `root:x:0:
adm:x:4:www-data,root
tty:x:5:
www-data:x:33:
audio:x:29:daemon,www-data
bad:x:-1:www-data
`;
const ACCOUNTS = { passwd: PASSWD, group: GROUP };

function build(defaults: ProcessDefaults, request: Partial<ProcessRequest> = {}) {
  const whole = { command: ["run"], terminal: false, hostname: "box", ...request };
  return imageProcess(defaults, whole, ACCOUNTS);
}

describe("args", () => {
  const image = { Entrypoint: ["/entry", "-v"], Cmd: ["default"] };
  test.each<[string, ProcessDefaults, Partial<ProcessRequest>, string[]]>([
    ["entrypoint and Cmd", image, { command: [] }, ["/entry", "-v", "default"]],
    ["the command replaces Cmd", image, { command: ["a", "b"] }, ["/entry", "-v", "a", "b"]],
    ["another entrypoint drops Cmd", image, { command: [], entrypoint: ["/sh"] }, ["/sh"]],
    ["another entrypoint, a command", image, { entrypoint: ["/sh"] }, ["/sh", "run"]],
    ["no entrypoint", image, { entrypoint: [] }, ["run"]],
    ["Cmd alone", { Cmd: ["sh"] }, { command: [] }, ["sh"]],
  ])("%s", (_, defaults, request, expected) => {
    expect(build(defaults, request).args).toEqual(expected);
  });

  test("nothing to run is refused", () => {
    expect(() => build({}, { command: [] })).toThrow("run the image: it names no command");
    expect(() => build(image, { command: [], entrypoint: [] })).toThrow("it names no command");
  });

  test("an empty name is found nowhere", () => {
    const notFound = 'exec: "": executable file not found in $PATH';
    expect(() => build({}, { command: [""] })).toThrow(notFound);
    expect(build(image, { command: [""] }).args).toEqual(["/entry", "-v", ""]);
  });
});

describe("environment", () => {
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  test.each<[string, ProcessDefaults, Partial<ProcessRequest>, string[]]>([
    ["defaults", {}, {}, [path, "HOSTNAME=box", "HOME=/root"]],
    ["a terminal", {}, { terminal: true }, [path, "HOSTNAME=box", "TERM=xterm", "HOME=/root"]],
    [
      "the image's win over the defaults, the user's over both",
      { Env: ["PATH=/bin", "A=1", "B=x=y"] },
      { env: ["A=2", "HOME=/h", "C="] },
      ["PATH=/bin", "HOSTNAME=box", "A=2", "B=x=y", "HOME=/h", "C="],
    ],
    [
      "a name alone takes a variable away",
      { Env: ["A=1"] },
      { env: ["A", "HOSTNAME"] },
      [path, "HOME=/root"],
    ],
    ["home of the user", { User: "www-data" }, {}, [path, "HOSTNAME=box", "HOME=/var/www"]],
    ["home of nobody in particular", { User: "777" }, {}, [path, "HOSTNAME=box", "HOME=/"]],
    ["an empty home", { User: "nohome" }, {}, [path, "HOSTNAME=box", "HOME=/"]],
  ])("%s", (_, defaults, request, expected) => {
    expect(build(defaults, request).env).toEqual(expected);
  });
});

describe("user", () => {
  test.each<[string, number, number, number[]]>([
    ["", 0, 0, [0, 4]],
    ["root", 0, 0, [0, 4]],
    ["0", 0, 0, [0, 4]],
    [":5", 0, 5, [5]],
    ["www-data", 33, 33, [33, 4, 29]],
    ["33", 33, 33, [33, 4, 29]],
    ["www-data:tty", 33, 5, [5]],
    ["www-data:4242", 33, 4242, [4242]],
    ["777", 777, 0, [0]],
    ["777:888", 777, 888, [888]],
    ["12", 500, 501, [501]],
    ["4294967294", 4_294_967_294, 0, [0]],
  ])("%p", (user, uid, gid, additionalGids) => {
    expect(build({ User: user }).user).toEqual({ uid, gid, additionalGids });
    expect(build({ User: "nobody-at-all" }, { user }).user).toEqual({ uid, gid, additionalGids });
  });

  test.each([
    ["nobody", 'find the user "nobody": the image\'s /etc/passwd has no such name'],
    ["evil", 'find the user "evil"'],
    ["4294967295", 'find the user "4294967295"'],
    ["-1", 'find the user "-1"'],
    ["root:nogroup", 'find the group "nogroup": the image\'s /etc/group has no such name'],
    ["root:bad", 'find the group "bad"'],
  ])("%p is refused", (user, message) => {
    expect(() => build({ User: user })).toThrow(message);
  });

  test("additional groups by name and number, each once", () => {
    const { user } = build({ User: "www-data" }, { additionalGroups: ["tty", "29", "1000"] });
    expect(user.additionalGids).toEqual([33, 4, 29, 5, 1000]);
    expect(() => build({}, { additionalGroups: ["none"] })).toThrow('find the group "none"');
  });

  test("without the two files numbers work and names do not", () => {
    const request = { command: ["x"], terminal: false, hostname: "" };
    const none = { passwd: "", group: "" };
    expect(imageProcess({ User: "5:6" }, request, none).user).toMatchObject({ uid: 5, gid: 6 });
    expect(imageProcess({}, request, none).user).toMatchObject({ uid: 0, gid: 0 });
    expect(() => imageProcess({ User: "root" }, request, none)).toThrow('find the user "root"');
  });
});

describe("working directory", () => {
  test.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, "/"],
    ["/srv", undefined, "/srv"],
    ["srv/../app/", undefined, "/app"],
    ["../../etc", undefined, "/etc"],
    ["/srv", "/tmp/./x", "/tmp/x"],
    ["", undefined, "/"],
  ])("%p, %p", (image, user, expected) => {
    const defaults = image === undefined ? {} : { WorkingDir: image };
    expect(build(defaults, user === undefined ? {} : { workdir: user }).cwd).toBe(expected);
  });

  test("the user's must be absolute", () => {
    expect(() => build({}, { workdir: "srv" })).toThrow("it is not an absolute path");
  });
});

test("the stop signal", () => {
  expect(build({}).stopSignal).toBe("SIGTERM");
  expect(build({ StopSignal: "SIGQUIT" }).stopSignal).toBe("SIGQUIT");
});
