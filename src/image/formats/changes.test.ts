import { describe, expect, test } from "bun:test";
import type { ImageConfig } from "../../oci/image-spec.ts";
import { applyChanges } from "./changes.ts";

describe("changes as in a Dockerfile", () => {
  test.each<[readonly string[], ImageConfig]>([
    [['CMD ["a", "b c"]'], { Cmd: ["a", "b c"] }],
    [["CMD a  b"], { Cmd: ["/bin/sh", "-c", "a  b"] }],
    [["CMD [not json"], { Cmd: ["/bin/sh", "-c", "[not json"] }],
    [["cmd=/bin/bash"], { Cmd: ["/bin/sh", "-c", "/bin/bash"] }],
    [['ENTRYPOINT ["/init"]', 'CMD ["x"]'], { Entrypoint: ["/init"], Cmd: ["x"] }],
    [[`ENV a=1 b='two words' c="$a-\${b}"`], { Env: ["a=1", "b=two words", "c=-"] }],
    [
      ["ENV a=1", `ENV b=$a c=\${a}x d='$a' e=\\$a`],
      { Env: ["a=1", "b=1", "c=1x", "d=$a", "e=$a"] },
    ],
    [["ENV a one two  three"], { Env: ["a=one two  three"] }],
    [["ENV a=1 b=2", "ENV a=3"], { Env: ["a=3", "b=2"] }],
    [["ENV=FOO=bar"], { Env: ["FOO=bar"] }],
    [["ENV a=b=c d="], { Env: ["a=b=c", "d="] }],
    [["EXPOSE 80 53/udp"], { ExposedPorts: { "80/tcp": {}, "53/udp": {} } }],
    [
      ["EXPOSE 8000-8002/TCP"],
      { ExposedPorts: { "8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {} } },
    ],
    [['LABEL a=b "x y"="a b"'], { Labels: { a: "b", "x y": "a b" } }],
    [["LABEL a b c"], { Labels: { a: "b c" } }],
    [["STOPSIGNAL SIGQUIT"], { StopSignal: "SIGQUIT" }],
    [["USER 1000:1000"], { User: "1000:1000" }],
    [["VOLUME /a /b"], { Volumes: { "/a": {}, "/b": {} } }],
    [['VOLUME ["/with space"]'], { Volumes: { "/with space": {} } }],
    [["WORKDIR /a/b", "WORKDIR ../c"], { WorkingDir: "/a/c" }],
    [["ENV d=/x", "WORKDIR $d/y"], { Env: ["d=/x"], WorkingDir: "/x/y" }],
  ])("%j", (changes, expected) => {
    expect(applyChanges({}, changes)).toEqual(expected);
  });

  test.each([
    ["ONBUILD RUN true", "it does not begin with one of CMD,"],
    ["RUN true", "it does not begin with one of CMD,"],
    ["", "it does not begin with one of CMD,"],
    ["CMD", "it does not begin with one of CMD,"],
    ["CMD ", "CMD has no value"],
    ["ENV a", '"a" is not of the form NAME=VALUE'],
    ["ENV a=1 b", '"b" is not of the form NAME=VALUE'],
    ["ENV a='1", "a ' has no end"],
    ['LABEL a="1', 'a " has no end'],
    ["EXPOSE http", '"http" is not of the form PORT'],
    ["EXPOSE 70000", '"70000" is not of the form PORT'],
    ["EXPOSE 9-8", '"9-8" is not of the form PORT'],
    ['VOLUME [""]', "a volume has no path"],
  ])("%p is refused", (change, reason) => {
    expect(() => applyChanges({}, [change])).toThrow(reason);
  });

  test("what is there stays", () => {
    const config = { Env: ["PATH=/bin"], Labels: { kept: "yes" }, Shell: ["/bin/bash", "-ec"] };
    expect(applyChanges(config, ["ENV a=$PATH", "LABEL b=c", "CMD true"])).toEqual({
      Env: ["PATH=/bin", "a=/bin"],
      Labels: { kept: "yes", b: "c" },
      Shell: ["/bin/bash", "-ec"],
      Cmd: ["/bin/bash", "-ec", "true"],
    });
  });
});
