// What new users type wrong: one clear line each, a way out where there is one, and nothing left behind.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

/** Words behind `ocicat`; IMAGE stands for an image. */
type Mistake = readonly [words: string, code: number, line: string, hint?: string];

const OF_NEW_CONTAINERS: readonly Mistake[] = [
  ["run", 125, "there is no image", "`ocicat run hello`"],
  ["run --it IMAGE sh", 125, 'use "--it": there is no such flag', "did you mean -it?"],
  ["run --memori 1g IMAGE", 125, "there is no such flag", "did you mean --memory?"],
  ["run -it IMAGE sh", 125, "the input device is not a TTY", "leave -t out"],
  ["run --pull never nothing IMAGE", 125, 'image "nothing": it is not in the store'],
  ["run Upper/Case", 125, "the repository's name must be in lower case"],
  ["run -p 80:80 IMAGE", 125, "there are no networks with ports", "--network host"],
  ["run --network bridge IMAGE", 125, "neither none, host,"],
  ["run --network container:none IMAGE", 125, "there is none of this name or id", "`ocicat ps -a`"],
  ["run -m 1 IMAGE", 125, "a container needs 6m at least", "512m are 512 MiB"],
  ["run -m 1x IMAGE", 125, "it is not a number of bytes"],
  ["run -m 8m --memory-swap 4m IMAGE", 125, "less than --memory", "-1 is as much"],
  ["run --cpus 10000 IMAGE", 125, "give a container 10000 processors: the machine has"],
  ["run --cpuset-cpus 9999 IMAGE", 125, "the processor 9999: the machine has"],
  ["run --mount type=bnd,dst=/b IMAGE", 125, "its type is"],
  ["run --mount type=bind,source=/b IMAGE", 125, "the path inside is not absolute"],
  ["run --mount kind=bind IMAGE", 125, 'the unknown key "kind"'],
  ["run -v /nothing/here:/x IMAGE", 125, '"/nothing/here": no such file or directory'],
  ["run -v some/path:/x IMAGE", 125, 'volume\'s name "some/path"'],
  ["run -v /tmp:x IMAGE", 125, "the path inside is not absolute"],
  ["run --env-file wrong.env IMAGE", 125, '--env-file "NOT THIS": this line'],
  ["run --env-file nothing.env IMAGE", 125, "no such file or directory"],
  ["run --name no/slash IMAGE", 125, "a name has letters, digits"],
  ["run --name box IMAGE true", 125, "the name is in use", "`ocicat rm box`"],
  ["run -u stranger IMAGE true", 125, 'the user "stranger"'],
  ["run -h a/b IMAGE true", 125, 'the host name "a/b": it is not made of'],
  ["run -w relative IMAGE true", 125, "it is not an absolute path"],
  ["run --restart often IMAGE", 125, "none of no, always"],
  ["run --cap-add NET_ADMI IMAGE", 125, 'the capability "NET_ADMI"'],
  ["run --device /dev/nothing IMAGE", 125, "no such file or directory"],
  ["run --init-path /nothing IMAGE", 125, '--init-path "/nothing": no such file'],
  ["run --log-opt max-size=much IMAGE", 125, '--log-opt max-size "much"'],
  ["run --rm IMAGE no-such-program", 127, "executable file not found in $PATH"],
  ["run --rm IMAGE /etc", 126, "permission denied"],
];

const OF_OTHERS: readonly Mistake[] = [
  ["runn IMAGE", 125, "no such command: runn", "did you mean ocicat run?"],
  ["container lst", 125, "no such command: lst", "did you mean ocicat container ls?"],
  ["rm", 125, "it takes at least one argument, not none", "ocicat rm [FLAGS] CONTAINER..."],
  ["rm box", 1, 'container "box": it is running', "--force"],
  ["rm nothing", 1, 'container "nothing": there is none', "`ocicat ps -a`"],
  ["start", 125, "it takes at least one argument", "--after-boot"],
  ["exec box", 125, "it takes at least 2 arguments, not 1", "CONTAINER COMMAND..."],
  ["exec idle true", 1, 'container "idle": it has not been started', "`ocicat start idle`"],
  ["exec box nothing-like-it", 127, "executable file not found in $PATH"],
  ["exec -u stranger box true", 1, 'the user "stranger"'],
  ["kill -s NOTHING box", 1, 'unknown signal "NOTHING"'],
  ["kill idle", 1, "it has not been started"],
  ["unpause box", 1, 'container "box": it is not paused'],
  ["logs --tail some box", 1, "neither a number of lines nor"],
  ["logs --since yesterday box", 1, "neither RFC 3339"],
  ["inspect nothing", 1, "no container, pod, image or volume", "`ocicat images`"],
  ["inspect -f {{.Nothing}} box", 1, '".Nothing": there is no such field', "there are .Id"],
  ["inspect -f {{.Id box", 1, "it is not closed by }}"],
  ["ps --filter state=up", 1, 'there is no filter "state"', "did you mean status?"],
  ["ps --filter label", 1, "it is not of the form KEY=VALUE", "a key is id, name"],
  ["ps --filter publish=80", 1, "there are no networks with ports"],
  ["ps extra", 125, "it takes no arguments, not 1"],
  ["images one two", 125, "it takes one argument at most, not 2"],
  ["build .", 125, "ocicat: build: images are not built here", "`ocicat load`"],
  ["network ls", 125, "ocicat: network: there are no networks", "--network host"],
  ["image tree IMAGE", 125, "ocicat image: tree: layers have no names", "`ocicat history`"],
  ["--root /tmp ps", 125, "there is no such flag before the command", "ocicat COMMAND --root"],
  ["--log-level debug ps", 125, "use --log-level: there is no such flag", "`ocicat config`"],
  ["create --foo IMAGE", 125, 'use "--foo": there is no such flag', "--help"],
  ["export nothing", 1, 'find container or image "nothing"', "`ocicat ps -a`"],
  ["stop --latest box", 1, "use --latest: it does not go with names"],
  ["start --after-boot box", 1, "use --after-boot: it does not go with names"],
  ["pod rm --latest", 1, "find the latest pod: there is none"],
  ["push --sign-by me IMAGE", 125, "use --sign-by: images are not signed here", "cosign"],
  ["volume create -o type=none x", 1, "o=bind shows the folder that the option device names"],
  ["pod create --ipc none", 125, 'use --ipc "none": a pod\'s containers share their memory'],
  ["logs mute", 1, 'the log of container "mute": it keeps none'],
  ["pod create --infra=false", 125, "use --infra: a pod has a process of ocicat's own"],
  ["kube play --build x.yaml", 125, "use --build: images are not built here", "`ocicat load`"],
  ["events --filter colour=red", 1, "it is none that there is", "there are container, image"],
  ["volume ls --filter dangling=x", 1, "it is true or false"],
  ["cp box:/etc idle:/etc/passwd", 1, "it is not a directory", "--overwrite"],
  ["ps --filter status=up", 1, "a status is one of created"],
  ["ps -n many", 1, "it is not a number"],
  ["cp one two", 1, "neither is in a container", "CONTAINER:PATH"],
  ["cp box:/nothing .", 1, '"/nothing": no such file or directory'],
  ["rename box idle", 1, '"idle" is in use'],
  ["update box", 1, "no flag says what is to change", "--memory"],
  ["stats nothing", 1, "there is none of this name or id"],
  ["volume rm nothing", 1, 'volume "nothing"'],
  ["volume create no/slash", 1, "letters, digits"],
];

describe.skipIf(NEEDS_ROOT)("as root: mistakes", () => {
  const place = new ContainerPlace();

  beforeAll(() => {
    place.detach("box", "sleep 1000");
    place.outputOf("create", "--name", "idle", place.image);
    place.outputOf("create", "--name", "mute", "--log-driver", "none", place.image);
    writeFileSync(join(place.folder, "wrong.env"), "A=1\nNOT THIS\n");
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  const environment = (): Record<string, string> => ({
    PATH: process.env["PATH"] ?? "",
    OCICAT_STORE_ROOT: place.store,
    OCICAT_STATE_ROOT: place.state,
    HOME: place.folder,
  });

  function call(words: readonly string[], prefix: readonly string[] = []) {
    const child = Bun.spawnSync([...prefix, OCICAT, ...words], {
      cwd: place.folder,
      env: environment(),
      stdin: "ignore",
    });
    return { code: child.exitCode, stderr: child.stderr.toString() };
  }

  const rows = [...OF_NEW_CONTAINERS, ...OF_OTHERS].map((row) => [row[0], row] as const);

  test.each(rows)("%s", (_name, [words, code, line, hint = ""]) => {
    const { code: actual, stderr } = call(words.replace("IMAGE", place.image).split(" "));
    const [first = "", ...rest] = stderr.trimEnd().split("\n");
    expect([actual, first]).toEqual([code, expect.stringContaining(line)]);
    expect(first).toStartWith("ocicat");
    expect(rest.join("\n")).toMatch(/^(?:hint: |$)/);
    expect(rest.join("\n")).toContain(hint);
  });

  test("leave no container", () => {
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}}")).toBe("mute\nidle\nbox\n");
  });

  test("another user's store is told from an empty one", () => {
    const powers = "-dac_override,-dac_read_search";
    const other = ["setpriv", `--bounding-set=${powers}`, `--inh-caps=${powers}`];
    chownSync(place.store, 65_534, 65_534);
    for (const command of ["ps", "images", "rm box"]) {
      const { code, stderr } = call(command.split(" "), other);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining(": permission denied (EACCES)\n"),
      ]);
      expect(stderr).toContain("hint: it is another user's place");
    }
    chownSync(place.store, 0, 0);
  });

  test("a store that can only be read shows what is in it, and refuses the rest", () => {
    mkdirSync(place.store, { recursive: true });
    const script = `mount --bind "$STORE" "$STORE" && mount -o remount,bind,ro "$STORE" && exec "$@"`;
    const readOnly = ["env", `STORE=${place.store}`, "unshare", "-m", "sh", "-ec", script, "sh"];
    for (const words of ["ps -a", "images", "logs box", "inspect box", "volume ls", "info"]) {
      expect([words, call(words.split(" "), readOnly)]).toEqual([words, { code: 0, stderr: "" }]);
    }
    for (const [words, code] of [
      [`run --rm ${place.image} true`, 125],
      ["start idle", 1],
      ["volume create more", 1],
    ] as const) {
      expect([words, call(words.split(" "), readOnly)]).toEqual([
        words,
        { code, stderr: expect.stringMatching(/read-only.*\nhint: .*--store takes another one/) },
      ]);
    }
  });
});
