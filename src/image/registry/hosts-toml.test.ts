import { expect, test } from "bun:test";
import { parseHostsToml } from "./hosts-toml.ts";

const NOTHING = { authorities: [], clients: [], skipVerify: undefined, headers: {} };
const ALL = ["pull", "resolve", "push"] as const;

test("an empty file says nothing", () => {
  const { server, hosts, serverSettings } = parseHostsToml("", "it");
  expect(server).toBeUndefined();
  expect(hosts).toEqual([]);
  expect(serverSettings).toEqual({ ...NOTHING, capabilities: ALL });
});

test("everything that containerd's documentation shows is read, in order", () => {
  const text = `
    server = "registry-1.docker.io"
    ca = "own.crt"
    [host."https://mirror.example:5000"]
      capabilities = ["pull", "resolve"]
      ca = ["/etc/a.crt", "b.crt"]
      client = [["c.cert", "c.key"], ["d.pem", ""], "e.pem"]
      skip_verify = true
      dial_timeout = "10s"
      unknown = { a = 1 }
      [host."https://mirror.example:5000".header]
        x-one = "a"
        x-two = ["b", "c"]
    [host."http://plain.example/prefix"]
    [host."other.example/api"]
      override_path = true
      client = "f.pem"
  `;
  const { server, hosts } = parseHostsToml(text, "it");
  expect(server).toEqual({
    ...NOTHING,
    url: "https://registry-1.docker.io/v2",
    capabilities: ALL,
    authorities: ["own.crt"],
  });
  expect(hosts).toEqual([
    {
      url: "https://mirror.example:5000/v2",
      capabilities: ["pull", "resolve"],
      authorities: ["/etc/a.crt", "b.crt"],
      clients: [
        { certificate: "c.cert", key: "c.key" },
        { certificate: "d.pem", key: "d.pem" },
        { certificate: "e.pem", key: "e.pem" },
      ],
      skipVerify: true,
      headers: { "x-one": "a", "x-two": "b, c" },
    },
    { ...NOTHING, url: "http://plain.example/prefix/v2", capabilities: ALL },
    {
      ...NOTHING,
      url: "https://other.example/api",
      capabilities: ALL,
      clients: [{ certificate: "f.pem", key: "f.pem" }],
    },
  ]);
});

test.each([
  ["server = 1", "server: must be a text"],
  ['server = "ftp://x"', 'server: "ftp://x" is not the address of a registry'],
  ['server = "https://user@x"', 'server: "https://user@x" is not the address of a registry'],
  ['server = "https://x/?a=b"', 'server: "https://x/?a=b" is not the address of a registry'],
  ["host = []", "host: must be a table"],
  ['[host]\n"https://x" = 1', 'host."https://x": must be a table'],
  [
    '[host."https://x"]\ncapabilities = ["fly"]',
    'host."https://x".capabilities: "fly" is none of pull, resolve, push',
  ],
  [
    '[host."https://x"]\nskip_verify = "yes"',
    'host."https://x".skip_verify: must be true or false',
  ],
  ['[host."https://x"]\nca = [1]', 'host."https://x".ca[0]: must be a text'],
  [
    '[host."https://x"]\nclient = [["a", "b", "c"]]',
    "host.\"https://x\".client[0]: must be a path, or a certificate's path and its key's",
  ],
  ['[host."https://x".header]\n"a b" = "c"', 'host."https://x".header."a b": is not a header'],
  ['[host."https://x".header]\na = "b\\nc"', 'host."https://x".header."a": is not a header'],
  ["server =", "not TOML: TOML Parse error: Missing value after '='"],
])("%p is refused with its place", (text, fault) => {
  expect(() => parseHostsToml(text, '"hosts.toml"')).toThrow(`parse "hosts.toml": ${fault}`);
});

test("all faults are told at once", () => {
  expect(() =>
    parseHostsToml('server = 1\nca = [2]\n[host."https://x"]\nclient = 3', "it"),
  ).toThrow("server: must be a text; ca[0]: must be a text; host");
});
