// kube play, down, generate: pods from Kubernetes' documents.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: kube", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.reap();
    place.outputOf("pod rm", "-f", "--all");
    place.clear();
    place.call("volume prune", ["--all", "--force"]);
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const play = (yaml: string, ...flags: readonly string[]) =>
    place.call("kube play", ["--cgroup-parent", `octest-${process.pid}`, ...flags, "-"], {
      input: yaml.replaceAll("IMAGE", place.image),
    });

  /** Must succeed without a warning. */
  const played = (yaml: string, ...flags: readonly string[]): string => {
    const { status, stdout, stderr } = play(yaml, ...flags);
    expect([status, stderr]).toEqual([0, ""]);
    return stdout;
  };

  const pod = (spec: string, name = "web"): string =>
    `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: web}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
${spec}`;

  /** What it wrote to its standard output. */
  const logs = (name: string): string => place.call("logs", [name]).stdout;

  const logsAtEnd = (name: string): string => {
    place.outputOf("wait", name);
    return logs(name);
  };

  const WEB = `kind: ConfigMap
metadata: {name: settings}
data: {greeting: hello, page.html: served}
---
kind: Secret
metadata: {name: db}
stringData: {password: hunter2}
---
kind: PersistentVolumeClaim
metadata: {name: data}
---
${pod(`  shareProcessNamespace: true
  hostAliases: [{ip: 10.0.0.9, hostnames: [db]}]
  initContainers:
  - name: first
    image: IMAGE
    command: [sh, -c, "echo prepared > /scratch/file"]
    volumeMounts: [{name: scratch, mountPath: /scratch}]
  containers:
  - name: server
    image: IMAGE
    command: [busybox, httpd, -f, -p, "8080", -h, /www]
    volumeMounts: [{name: pages, mountPath: /www}, {name: data, mountPath: /data}]
    resources: {limits: {memory: 32Mi, cpu: 500m}}
    livenessProbe: {exec: {command: [busybox, "true"]}, periodSeconds: 1, timeoutSeconds: 20}
  - name: client
    image: IMAGE
    command: [sh, -c]
    args:
    - until busybox wget -qO- http://localhost:8080/page.html; do busybox usleep 50000; done; echo;
      cat /scratch/file /run/db/password; echo; echo $GREETING, $PASSWORD, $POD, $ESCAPED; id -u;
      grep db /etc/hosts; touch /x || touch /scratch/x || echo read-only; sleep 1000
    env:
    - {name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}
    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: ESCAPED, value: "$(GREETING) $$(GREETING)"}
    securityContext:
      {runAsUser: 1000, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    volumeMounts:
    - {name: scratch, mountPath: /scratch, readOnly: true}
    - {name: secret, mountPath: /run/db}
  volumes:
  - {name: scratch, emptyDir: {}}
  - {name: pages, configMap: {name: settings, items: [{key: page.html, path: page.html}]}}
  - {name: data, persistentVolumeClaim: {claimName: data}}
  - {name: secret, secret: {secretName: db, defaultMode: 0444}}
`)}`;

  test("a pod with everything, its YAML again, and nothing left", async () => {
    expect(played(WEB)).toMatch(
      /^Volumes:\ndata\n\nSecrets:\ndb\n\nPod:\n\S{64}\nContainers:\n\S{64}\n\S{64}\n\n$/,
    );
    await eventually("the client's words", () => logs("web-client").includes("read-only"));
    expect(logs("web-client")).toBe(`served
prepared
hunter2
hello, hunter2, web, hello $(GREETING)
1000
10.0.0.9\tdb
read-only
`);
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}}")).toBe("web-client\nweb-server\n");
    expect(place.outputOf("inspect", "--format", "{{.Config.Env}}", "web-client")).not.toContain(
      "hunter2",
    );
    const health = (): string =>
      place.outputOf("inspect", "--format", "{{.State.Health.Status}}", "web-server");
    await eventually("its health", () => health() === "healthy\n");
    const generated = place.outputOf("kube generate", "web");
    expect(generated).toStartWith(`apiVersion: v1
kind: ConfigMap
metadata:
  name: web-pages
data:
  page.html: served
---
`);
    place.call("kube down", ["-"], { input: WEB.replace("kind: Secret", "kind: Other") });
    expect(place.outputOf("volume ls", "-q")).toBe("data\n");
    played(generated);
    await eventually("its words", () => logs("web-client").includes("read-only"));
    expect(place.outputOf("kube generate", "web")).toBe(generated);
    const down = place.call("kube down", ["--force", "-"], { input: WEB });
    expect(down.stdout).toMatch(
      /^Pods removed:\n\S{64}\nSecrets removed:\ndb\nVolumes removed:\ndata\n$/,
    );
    expect(place.outputOf("volume ls", "-q")).toBe("");
    expect(place.outputOf("secret ls", "-q")).toBe("");
    await place.expectNothingLeft();
  });

  test("an init container that fails leaves nothing; --replace, --start=false", () => {
    const failing = pod(`  initContainers: [{name: bad, image: IMAGE, command: [sh, -c, exit 3]}]
  containers: [{name: one, image: IMAGE, command: [sleep, "1000"]}]
`);
    expect(play(failing).stderr).toContain("it ended with 3");
    expect(place.leftovers().filter((line) => !line.startsWith("image:"))).toEqual([]);
    expect(played(failing, "--start=false")).toContain("Containers:");
    expect(place.outputOf("pod ps", "--format", "{{.Status}}")).toBe("Created\n");
    const sound = pod(`  containers: [{name: one, image: IMAGE, command: [sleep, "1000"]}]\n`);
    expect(play(sound).stderr).toContain("the name is in use");
    played(sound, "--replace");
    expect(place.outputOf("pod ps", "--format", "{{.Status}}")).toBe("Running\n");
  });

  test("a deployment has a pod for each replica; the pod ends with its last container", async () => {
    played(`kind: Deployment
metadata: {name: job}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: job}}
    spec: {restartPolicy: Never, containers: [{name: one, image: IMAGE, command: [hostname]}]}
`);
    expect(logsAtEnd("job-pod-0-one")).toBe("job-pod-0\n");
    const states = (): string => place.outputOf("pod ps", "--format", "{{.Name}} {{.Status}}");
    await eventually("the pods' end", () => states() === "job-pod-1 Exited\njob-pod-0 Exited\n");
  });

  test("a deployment that was changed leaves no pods, and no volumes of theirs", () => {
    const deployment = (replicas: number, volume: string) => `kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: one, image: IMAGE, command: [sleep, "1000"], volumeMounts: [{name: ${volume}, mountPath: /data}]}
      volumes: [{name: ${volume}, emptyDir: {}}]
`;
    const pods = () => place.outputOf("pod ps", "--format", "{{.Name}}").split("\n").toSorted();
    const volumes = () => place.outputOf("volume ls", "-q").split("\n").toSorted();
    played(deployment(3, "old"));
    expect(pods()).toEqual(["", "web-pod-0", "web-pod-1", "web-pod-2"]);
    played(deployment(2, "new"), "--replace");
    expect(pods()).toEqual(["", "web-pod-0", "web-pod-1"]);
    expect(volumes()).toEqual(["", "web-pod-0-new", "web-pod-1-new"]);
    played(deployment(1, "new"), "--replace");
    expect(pods()).toEqual(["", "web-pod"]);
    expect(place.outputOf("kube generate", "web-pod")).toContain("\n    app: web\nspec:");
    place.call("kube down", ["-"], { input: deployment(0, "new") });
    expect([pods(), volumes()]).toEqual([[""], [""]]);
  });

  const TOLD = `kind: Secret
metadata: {name: db}
stringData: {user: app, password: hunter2}
---
${pod(`  securityContext: {runAsUser: 1000, fsGroup: 2000}
  containers:
  - name: one
    image: IMAGE
    command: [sh, -c, "echo $URL; echo $COPY $CPU $MEMORY; stat -c '%g %a' /run/db/*; cat /run/db/*; echo"]
    env:
    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
    - {name: URL, value: "db://$(DB_user):$(PASSWORD)@db/$$(x)$(NO)"}
    - {name: COPY, value: $(PASSWORD)}
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
    - {name: MEMORY, valueFrom: {resourceFieldRef: {containerName: one, resource: limits.memory, divisor: 1Mi}}}
    envFrom: [{secretRef: {name: db}, prefix: DB_}]
    resources: {limits: {cpu: 250m, memory: 32Mi}}
    volumeMounts: [{name: db, mountPath: /run/db}]
  volumes: [{name: db, secret: {secretName: db, defaultMode: 0400}}]
`)}`;

  test("secrets in other variables, for the pod's group, and nowhere else", () => {
    played(TOLD);
    const words = "db://app:hunter2@db/$(x)$(NO)\nhunter2 250 32\n2000 440\n2000 440\nhunter2app\n";
    expect(logsAtEnd("web-one")).toBe(words);
    expect(place.outputOf("inspect", "web-one")).not.toContain("hunter2");
    const generated = place.outputOf("kube generate", "web");
    expect(generated).toContain("value: db://$(DB_user):$(PASSWORD)@db/$$(x)$$(NO)");
    place.outputOf("pod rm", "-f", "web");
    played(generated);
    expect(logsAtEnd("web-one")).toBe(words);
  });

  test("volumes of the pod's group: everybody's that begin empty, and claims that keep their owner", () => {
    place.outputOf("volume create", "data");
    const data = place.outputOf("volume inspect", "-f", "{{.Mountpoint}}", "data").trim();
    chownSync(data, 1000, 1000);
    chmodSync(data, 0o700);
    played(
      pod(`  securityContext: {runAsUser: 1000, fsGroup: 2000}
  containers:
  - name: one
    image: IMAGE
    command: [stat, -c, "%u %g %a", /new, /data]
    volumeMounts: [{name: new, mountPath: /new}, {name: data, mountPath: /data}]
  volumes: [{name: new, emptyDir: {}}, {name: data, persistentVolumeClaim: {claimName: data}}]
`),
    );
    expect(logsAtEnd("web-one")).toBe("0 2000 2777\n1000 2000 2770\n");
  });

  test("a secret in a command is not taken for a variable in silence", () => {
    const command =
      "command: [echo, $(PASSWORD)], env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]";
    const secret = "kind: Secret\nmetadata: {name: s}\nstringData: {k: v}\n---\n";
    const { stderr } = play(
      `${secret}${pod(`  containers: [{name: one, image: IMAGE, ${command}}]\n`)}`,
    );
    expect(stderr).toContain("$(PASSWORD) stays as it is in its command");
  });

  test("an init container that goes on is not waited for; volumes of the others go with them", () => {
    const own = imageWithVolume(place);
    played(
      pod(`  initContainers:
  - {name: side, image: IMAGE, restartPolicy: Always, command: [sleep, "1000"]}
  - {name: first, image: "${own}", command: ["true"]}
  containers: [{name: one, image: IMAGE, command: [sleep, "1000"]}]
`),
    );
    const names = place.outputOf("ps", "--format", "{{.Names}}").trim().split("\n");
    expect(names.toSorted()).toEqual(["web-one", "web-side"]);
    expect(place.outputOf("volume ls", "-q")).toBe("");
    const generated = place.outputOf("kube generate", "web");
    expect(generated).toMatch(
      /initContainers:\n +- name: side\n[\s\S]*restartPolicy: Always\n +containers:\n/,
    );
    played(generated, "--replace");
    expect(place.outputOf("kube generate", "web")).toBe(generated);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends a play, and leaves nothing",
    async (signal) => {
      const words = [
        "kube",
        "play",
        ...place.flags,
        "--cgroup-parent",
        `octest-${process.pid}`,
        "-",
      ];
      const child = Bun.spawn([place.program, ...words], {
        stdin: new Blob([
          pod(`  initContainers: [{name: long, image: "${place.image}", command: [sleep, "1000"]}]
  containers: [{name: one, image: "${place.image}", command: [sleep, "1000"]}]
`),
        ]),
        stdout: "pipe",
        stderr: "pipe",
      });
      await eventually("the init container", () =>
        place.outputOf("ps", "--format", "{{.Names}}").includes("web-long"),
      );
      child.kill(signal);
      expect(await child.exited).toBe(128 + (signal === "SIGINT" ? 2 : 15));
      expect(place.outputOf("pod ps", "-q")).toBe("");
      expect(place.outputOf("ps", "-aq")).toBe("");
    },
  );

  test("profiles of AppArmor, and how they were asked for before", () => {
    const one = (name: string, profile: string) =>
      `  - {name: ${name}, image: IMAGE, command: [sleep, "1000"], securityContext: {${profile}}}\n`;
    const annotation = "container.apparmor.security.beta.kubernetes.io/two: localhost/mine";
    const containers =
      one("one", "appArmorProfile: {type: Unconfined}") + one("two", "") + one("three", "");
    played(
      pod(
        `  securityContext: {appArmorProfile: {type: Localhost, localhostProfile: pods}}\n  containers:\n${containers}`,
      ).replace("labels: {app: web}", `annotations: {${annotation}}`),
      "--start=false",
    );
    const generated = place.outputOf("kube generate", "web");
    const profiles = [...generated.matchAll(/type: Unconfined|localhostProfile: .*/g)];
    expect(profiles.map(([text]) => text)).toEqual([
      "type: Unconfined",
      "localhostProfile: mine",
      "localhostProfile: pods",
    ]);
  });

  test("ctrl-c ends a play that waits for a registry", async () => {
    const { promise: asked, resolve: noteAsked } = Promise.withResolvers<void>();
    using registry = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        noteAsked();
        return new Promise<Response>(() => undefined);
      },
    });
    const name = `127.0.0.1:${registry.port}/slow`;
    const yaml = pod(`  containers: [{name: one, image: "${name}"}]\n`);
    const child = Bun.spawn([place.program, "kube", "play", ...place.flags, "-"], {
      stdin: new Blob([yaml]),
      stderr: "pipe",
    });
    await asked;
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(place.outputOf("pod ps", "-q")).toBe("");
  });

  test("a health check goes into a document as it is", () => {
    place.outputOf(
      "run",
      "-d",
      "--name",
      "checked",
      "--health-cmd",
      "true",
      place.image,
      "sleep",
      "1000",
    );
    const generated = place.outputOf("kube generate", "checked");
    expect(generated).toContain("periodSeconds: 30\n        timeoutSeconds: 30\n");
    const file = join(place.folder, "generated.yaml");
    writeFileSync(file, "");
    expect(place.call("kube generate", ["-f", file, "checked"]).stderr).toBe(
      `ocicat kube generate: write ${JSON.stringify(file)}: file exists (EEXIST)\n`,
    );
  });

  test("memory, paths of the host, one file of a map", () => {
    const host = join(place.folder, "host");
    mkdirSync(host, { recursive: true });
    writeFileSync(join(host, "file"), "from the host\n");
    played(`kind: ConfigMap
metadata: {name: map}
data: {a: "1", b: "2"}
---
${pod(`  containers:
  - name: one
    image: IMAGE
    command: [sh, -c, "cat /host/file /etc/a; echo; ls /made; grep ' /memory ' /proc/mounts; env | grep ^P_"]
    envFrom: [{configMapRef: {name: map}, prefix: P_}]
    volumeMounts:
    - {name: host, mountPath: /host, readOnly: true}
    - {name: made, mountPath: /made}
    - {name: map, mountPath: /etc/a, subPath: a}
    - {name: memory, mountPath: /memory}
  volumes:
  - {name: host, hostPath: {path: ${host}, type: Directory}}
  - {name: made, hostPath: {path: ${host}/made, type: DirectoryOrCreate}}
  - {name: map, configMap: {name: map}}
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
`)}`);
    const text = logsAtEnd("web-one");
    expect(text).toStartWith("from the host\n1\n");
    expect(text).toMatch(/ \/memory tmpfs .*size=1024k/);
    expect(text).toContain("P_a=1\nP_b=2\n");
    expect(existsSync(join(host, "made"))).toBe(true);
    // A container that has a part of a volume has the volume.
    expect(place.outputOf("volume prune", "--all", "--force")).not.toContain("web-map");
    const generated = place.outputOf("kube generate", "web");
    expect(generated).toMatch(/name: map\n {6}configMap:\n {8}name: web-map\n/);
    expect(generated).toContain("subPath: a\n");
  });

  test("the files of a ConfigMap come back from generate: of any bytes, in folders, with their modes", () => {
    const script = "stat -c '%a %g %n' /etc/map/deep/*/* /etc/map/*.bin; sha256sum /etc/map/*.bin";
    played(`kind: ConfigMap
metadata: {name: map}
data: {a: "1", same: "2"}
binaryData: {raw: gICA/w==}
---
${pod(`  securityContext: {runAsUser: 1000, fsGroup: 2000}
  containers:
  - name: one
    image: IMAGE
    command: [sh, -c, ${JSON.stringify(script)}]
    volumeMounts: [{name: map, mountPath: /etc/map}]
  volumes:
  - name: map
    configMap:
      name: map
      items:
      - {key: a, path: deep/er/one, mode: 0400}
      - {key: same, path: deep.er/one, mode: 0600}
      - {key: same, path: deep/er/two}
      - {key: raw, path: raw.bin}
`)}`);
    const text = logsAtEnd("web-one");
    expect(text).toStartWith("440 2000 /etc/map/deep/er/one\n644 2000 /etc/map/deep/er/two\n");
    const generated = place.outputOf("kube generate", "web");
    expect(generated).toContain("binaryData:\n  raw.bin: gICA/w==\n");
    expect(generated).toContain("fsGroup: 2000\n");
    place.outputOf("pod rm", "-f", "web");
    place.outputOf("volume rm", "web-map");
    played(generated);
    expect(logsAtEnd("web-one")).toBe(text);
    expect(place.outputOf("kube generate", "web")).toBe(generated);
  });

  test("parts of volumes and of the host's folders, wherever links in them lead", () => {
    const host = join(place.folder, "parts");
    mkdirSync(join(host, "here"), { recursive: true });
    writeFileSync(join(host, "here/file"), "inside\n");
    symlinkSync("/here", join(host, "link"));
    symlinkSync("../../../../../../../../etc", join(host, "up"));
    const parts = pod(`  securityContext: {runAsUser: 1000}
  containers:
  - name: one
    image: IMAGE
    command: [sh, -c, "echo written > /data/file; cat /host/file /linked/file; stat -c %a /data"]
    env: [{name: NAME, value: deep/er}]
    volumeMounts:
    - {name: data, mountPath: /data, subPathExpr: "$(NAME)"}
    - {name: host, mountPath: /host, subPath: here}
    - {name: host, mountPath: /linked, subPath: link}
  volumes:
  - {name: data, emptyDir: {}}
  - {name: host, hostPath: {path: ${host}}}
`);
    played(parts);
    expect(logsAtEnd("web-one")).toBe("inside\ninside\n777\n");
    const data = place.outputOf("volume inspect", "-f", "{{.Mountpoint}}", "web-data").trim();
    expect(readFileSync(join(data, "deep/er/file"), "utf8")).toBe("written\n");
    expect(place.outputOf("kube generate", "web")).toContain("subPath: deep/er");
    place.call("kube down", ["-"], { input: parts });
    const escaping = parts.replace("subPath: link", "subPath: up/passwd");
    expect(play(escaping).stderr).toContain('parts/up/passwd": not a directory');
    expect(place.outputOf("pod ps", "-q")).toBe("");
  });

  test("memory is one tmpfs for all containers, also when one is started again", () => {
    const mount = "volumeMounts: [{name: m, mountPath: /m}]";
    const wait = "while [ ! -e /m/go ]; do sleep 0.02; done";
    played(
      pod(`  containers:
  - name: one
    image: IMAGE
    command: [sh, -c, "${wait}; cat /m/go; grep ' /m ' /proc/mounts"]
    ${mount}
  - {name: two, image: IMAGE, command: [sleep, "100"], ${mount.replace("/m}", "/n}")}}
  volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]
`),
    );
    place.outputOf("exec", "web-two", "sh", "-c", "echo shared > /n/new");
    place.outputOf("restart", "-t", "0", "web-two");
    place.outputOf("exec", "web-two", "busybox", "mv", "/n/new", "/n/go");
    expect(logsAtEnd("web-one")).toMatch(/^shared\ntmpfs \/m tmpfs .*size=1024k/);
    const generated = place.outputOf("kube generate", "web");
    expect(generated.match(/emptyDir:/g)).toHaveLength(1);
  });

  test("a liveness probe asks a port of the container", async () => {
    const probe = (port: number, path: string) =>
      `livenessProbe: {httpGet: {port: ${port}, path: ${path}}, periodSeconds: 1000}`;
    const serve = (name: string, port: number, path: string) =>
      `  - name: ${name}
    image: IMAGE
    command: [busybox, httpd, -f, -p, "${port}", -h, /etc]
    ${probe(port, path)}
`;
    const well = serve("well", 8080, "/passwd");
    played(pod(`  containers:\n${well}${serve("ill", 8081, "/nothing")}`));
    const page = (port: number) => [
      "web-well",
      "busybox",
      "wget",
      "-qO-",
      `localhost:${port}/passwd`,
    ];
    for (const port of [8080, 8081]) {
      await eventually(`the server at ${port}`, () => place.call("exec", page(port)).status === 0);
    }
    const check = (name: string) => place.call("healthcheck run", [name]);
    expect(check("web-well")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(check("web-ill").status).toBe(1);
    const log = "{{(index .State.Health.Log 0).Output}}";
    expect(place.outputOf("inspect", "-f", log, "web-ill")).toContain("statuscode: 404");
    expect(place.outputOf("kube generate", "web")).toContain("path: /nothing");
  });

  test("a claim stays, and a volume of somebody else is neither used nor removed", () => {
    const claimed = pod(`  containers: [{name: one, image: IMAGE, command: [hostname]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: web-data}}]
`);
    const own = claimed.replace("persistentVolumeClaim: {claimName: web-data}", "emptyDir: {}");
    played(claimed);
    place.call("kube down", ["-"], { input: claimed });
    expect(place.outputOf("volume ls", "-q")).toBe("web-data\n");
    expect(play(own).stderr).toContain("which is not the pod's own");
    place.call("kube down", ["-"], { input: own });
    expect(place.outputOf("volume ls", "-q")).toBe("web-data\n");
  });

  test("a map's files are written anew, wherever links of an earlier volume lead", () => {
    const outside = join(place.folder, "outside");
    mkdirSync(outside, { recursive: true });
    const writing = pod(`  containers:
  - {name: one, image: IMAGE, command: [busybox, ln, -s, ${outside}, /v/link], volumeMounts: [{name: v, mountPath: /v}]}
  volumes: [{name: v, emptyDir: {}}]
`);
    played(writing);
    place.outputOf("wait", "web-one");
    place.outputOf("pod rm", "-f", "web");
    played(`kind: ConfigMap
metadata: {name: map}
data: {a: "1"}
---
${pod(`  containers:
  - {name: one, image: IMAGE, command: [busybox, cat, /v/link/file], volumeMounts: [{name: v, mountPath: /v}]}
  volumes: [{name: v, configMap: {name: map, items: [{key: a, path: link/file}]}}]
`)}`);
    expect(logsAtEnd("web-one")).toBe("1");
    expect(existsSync(join(outside, "file"))).toBe(false);
  });

  test("what cannot be played makes nothing, and says why", async () => {
    const one = (rest: string): string => pod(`  containers: [{name: one, image: IMAGE${rest}\n`);
    const missing = one(", envFrom: [{secretRef: {name: none}}]}]");
    expect(play(missing).stderr).toContain('there is no Secret "none"');
    const mounting = (subPath: string, volume: string) =>
      play(
        one(
          `, volumeMounts: [{name: v, mountPath: /v, subPath: ${subPath}}]}]\n  volumes: [{name: v, emptyDir: {${volume}}}]`,
        ),
      ).stderr;
    const at = "spec.containers[0].volumeMounts[0].subPath: ";
    expect(mounting("x", "medium: Memory")).toContain(`${at}an emptyDir in memory`);
    expect(mounting("../x", "")).toContain(`${at}"../x" is no path inside of the volume`);
    const host = one("}]\n  volumes: [{name: v, hostPath: {path: /nosuch, type: Directory}}]");
    expect(play(host).stderr).toContain('use "/nosuch": no such file or directory');
    await place.expectNothingLeft();
  });
});

/** Returns the name of an image that wants a volume of its own. */
function imageWithVolume(place: ContainerPlace): string {
  const archive = join(place.folder, "root.tar");
  expect(Bun.spawnSync(["tar", "-C", place.root, "-cf", archive, "."]).exitCode).toBe(0);
  const change = ["-c", "VOLUME /anonymous", "-c", "ENV PATH=/bin"];
  place.onImages("import", "-q", ...change, archive, "localhost/with-volume");
  return "localhost/with-volume";
}
