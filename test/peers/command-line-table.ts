// What people type: invocations that docker or podman and ocicat are asked alike, in this order, each on
// containers and an image of the same names (command-line-place.ts). Where the answers differ, the
// reason stands beside it.

export interface Invocation {
  /** As at a shell, with single quotes at most. */
  readonly line: string;
  /** "docker" where it is left out. */
  readonly peer?: "docker" | "podman";
  /**
   * "output", where it is left out: the exit code and all of standard output, with what differs from one
   * run to the next taken out. "heads": the exit code and the first line. "code": the exit code alone.
   */
  readonly compares?: "output" | "heads" | "code";
  /** Why no more is compared, or why another code is right. */
  readonly because?: string;
  /** Ours, where it is another one. */
  readonly ownCode?: number;
}

export const IMAGE = "ocicat.test/busybox:latest";

const LISTS: readonly Invocation[] = [
  { line: "ps" },
  { line: "ps -a" },
  { line: "ps -q" },
  { line: "ps -aq --no-trunc" },
  { line: "ps -l" },
  { line: "ps -n 2" },
  { line: "ps --no-trunc" },
  { line: "ps -a --format '{{.Names}}: {{.State}}, {{.Status}}'" },
  { line: "ps -a --format 'table {{.Names}}\\t{{.Image}}\\t{{.CreatedAt}}'" },
  { line: "ps --format '{{.Ports}}|{{.Networks}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Labels}}'" },
  { line: "ps -a --filter status=exited --format '{{.Names}}'" },
  { line: "ps --filter status=created" },
  { line: "ps -a --format '{{.Names}} {{.Label \"role\"}}'" },
  { line: "ps -a --format 'table {{.Names}}\\t{{.Label \"com.example.some-role\"}}'" },
  { line: "volume ls --format '{{.Name}} {{.Label \"kind\"}}'" },
  { line: "ps -a --filter expose=80 --format '{{.Names}}'" },
  { line: "ps -a --filter ancestor=nothing-like-it --format '{{.Names}}'" },
  { line: "ps -a --filter name=we" },
  { line: "ps -a --filter name=^/idle$ --format '{{.Names}}'" },
  { line: "ps -a --filter label=role=web" },
  { line: "ps -a --filter label=role --filter status=exited --format '{{.Names}}'" },
  { line: `ps -a --filter ancestor=${IMAGE} --format '{{.Names}}'` },
  { line: "ps -a --filter exited=3 --format '{{.Names}}'" },
  { line: "ps -a --filter before=idle --format '{{.Names}}'" },
  { line: "ps -a --filter since=web --format '{{.Names}}'" },
  { line: "ps -a --filter volume=data --format '{{.Names}}'" },
  { line: "ps -a --filter network=none --format '{{.Names}}'" },
  { line: "ps -a --filter label=role --filter label=spare --format '{{.Names}}'" },
  { line: "ps -a --filter name=^w.b$ --format '{{.Names}}'" },
  { line: "ps -a --filter 'name=web|job' --format '{{.Names}}'" },
  { line: "ps -a --filter is-task=false --format '{{.Names}}'" },
  { line: "ps -a --filter until=1h --format '{{.Names}}'", peer: "podman" },
  { line: "ps -a --filter exited=soon", compares: "code" },
  { line: "ps -a --filter health=none --format '{{.Names}}'" },
  { line: "ps -as" },
  { line: "ps --filter nothing=1", compares: "code" },
  { line: "ps -a --sort names --format '{{.Names}}'", peer: "podman" },
  { line: "ps -a --noheading --sort names --format 'table {{.Names}}'", peer: "podman" },
  {
    line: "ps -a --sort weight",
    ...{ peer: "podman", ownCode: 1, because: "a list that fails has docker's code" },
  },
  { line: "images --noheading --format 'table {{.Tag}}'", peer: "podman" },
  { line: "images" },
  { line: "images -q" },
  { line: "images --no-trunc" },
  { line: "images --digests", compares: "heads", because: "docker has no digest of what it loads" },
  { line: "images --format '{{.Repository}}:{{.Tag}} {{.Size}}'" },
  { line: "images --filter dangling=true" },
  { line: "images ocicat.test/busybox" },
  { line: "images nothing-like-it" },
  { line: `history ${IMAGE}` },
  { line: "volume ls" },
  { line: "volume ls -q --filter name=data" },
  { line: "volume ls --filter dangling=true" },
  { line: "volume ls -q --filter label=kind --filter label=none" },
  { line: "volume ls -q --filter name=^da" },
  { line: "volume ls -q --filter driver=local" },
  { line: "volume ls --noheading --filter scope=local --format 'table {{.Name}}'", peer: "podman" },
  { line: "volume inspect --all --format '{{.Name}}'", peer: "podman" },
  {
    line: "system df",
    compares: "heads",
    because: "ocicat has no build cache, but a store to count",
  },
];

const INSPECTIONS: readonly Invocation[] = [
  { line: "inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}}' web job idle" },
  { line: "inspect -f '{{.State.Pid}}' job" },
  { line: "inspect -f '{{.Config.Image}} {{.Name}} {{.RestartCount}}' web" },
  { line: "inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' web" },
  { line: "inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' web" },
  { line: "inspect -f '{{json .Config.Labels}} {{len .Config.Env}}' web" },
  { line: "inspect -f '{{json .Config.Cmd}} {{json .Config.Entrypoint}}' web" },
  { line: "inspect -f '{{.Path}} {{.Args}}' web job" },
  { line: "inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Ports}}' web" },
  {
    line: "inspect -f '{{.NetworkSettings.IPAddress}}|{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}' web",
  },
  {
    line: "inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' web",
  },
  {
    line: "inspect -f '{{json .HostConfig.Binds}} {{.HostConfig.AutoRemove}} {{.HostConfig.Privileged}}' web",
  },
  {
    line: "inspect -f '{{.Config.Hostname}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.Tty}}' web",
  },
  { line: "inspect -f '{{.State.StartedAt}} {{.State.FinishedAt}} {{.Created}}' idle" },
  {
    line: "inspect -f '{{.State.OOMKilled}} {{.State.Error}} {{.Platform}} {{.Id}} {{.Image}}' web",
  },
  {
    line: "inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.ShmSize}} {{len .HostConfig.Ulimits}}' web",
  },
  { line: `inspect -f '{{.Os}} {{.Architecture}} {{json .Config.Cmd}} {{.RepoTags}}' ${IMAGE}` },
  { line: "inspect nothing-here" },
  { line: "inspect -f '{{.Name}} {{.Driver}} {{.Scope}}' data" },
  { line: "inspect --type volume -f '{{.Name}}' data" },
  { line: "inspect --type container data" },
  { line: "inspect -f '{{.Nothing}}' web", compares: "code" },
  { line: "volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}}' data" },
  { line: "volume inspect nothing-here" },
];

export const LOOKS: readonly Invocation[] = [
  ...LISTS,
  ...INSPECTIONS,
  { line: "logs job" },
  { line: "logs --tail 1 job" },
  { line: "logs --timestamps job" },
  { line: "logs --details job" },
  { line: "logs nothing-here" },
  { line: "port web" },
  { line: "port web 80" },
  { line: "port nothing-here" },
  { line: "top web", compares: "heads", because: "the processes have other numbers" },
  { line: "top web -o pid,args", compares: "heads" },
  { line: "top web pid user group seccomp comm", peer: "podman" },
  { line: "top web pid,ppid,hgroup,capinh,nice,state", peer: "podman" },
  { line: "top idle" },
  { line: "stats --no-stream", compares: "heads", because: "what they use differs" },
  { line: "stats --no-stream --format '{{.Name}}' web" },
  { line: "diff job" },
  {
    line: "diff --format json job",
    ...{ peer: "podman", compares: "code", because: "podman counts what it has mounted" },
  },
  { line: "version --format '{{.Client.Os}}/{{.Client.Arch}} {{.Server.Os}}'" },
  {
    line: "info --format '{{.Containers}} {{.ContainersRunning}} {{.Images}} {{.NCPU}} {{.OSType}}'",
  },
];

export const RUNS: readonly Invocation[] = [
  { line: `run --rm ${IMAGE} sh -c 'exit 7'` },
  { line: `run --rm ${IMAGE} no-such-program`, compares: "code" },
  { line: `run --rm ${IMAGE} /etc`, compares: "code" },
  { line: `run --rm ${IMAGE} sh -c 'kill -9 $$'` },
  { line: `run --rm --no-such-flag ${IMAGE} true` },
  { line: `run --rm -m 1 ${IMAGE} true` },
  { line: `run --name web ${IMAGE} true` },
  { line: "run", ownCode: 125, because: "docker's 1 would be a program's own; podman has 125" },
  { line: "run --rm --pull never ocicat.test/nothing true" },
  { line: `run --rm ${IMAGE} echo hello world` },
  { line: `run --rm -a stdout ${IMAGE} sh -c 'echo out; echo err >&2'` },
  { line: `run --rm -a stderr ${IMAGE} sh -c 'echo out; echo err >&2'` },
  { line: `run --rm -a stdlog ${IMAGE} true` },
  {
    line: `run --rm -d -a stdout ${IMAGE} true`,
    ...{ ownCode: 125, because: "docker's 1 would be a program's own; podman has 125" },
  },
  { line: `run --rm --sig-proxy=false --expose 80 ${IMAGE} echo shown` },
  { line: `run --rm --cgroups enabled --sdnotify ignore ${IMAGE} echo shown`, peer: "podman" },
  {
    line: `run --rm --passwd-entry 'me:x:$UID:$GID::/:/bin/sh' ${IMAGE} tail -n 1 /etc/passwd`,
    peer: "podman",
  },
  { line: "rmi --ignore nothing-here", peer: "podman" },
  { line: "stop --ignore nothing-here", peer: "podman" },
  { line: `run --rm -e A=1 -w /tmp -u 1000 ${IMAGE} sh -c 'echo $A $PWD; id -u'` },
  { line: `run --rm --entrypoint echo ${IMAGE} entry` },
  { line: "exec web sh -c 'exit 5'" },
  { line: "exec web no-such-program", peer: "podman", compares: "code" },
  { line: "exec web /etc", peer: "podman", compares: "code" },
  { line: "exec web sh -c 'kill -9 $$'" },
  { line: "exec -e B=2 -w /tmp web sh -c 'echo $B $PWD'" },
  { line: "exec idle true" },
  { line: "exec nothing-here true" },
  { line: "exec -d web sleep 1000", peer: "podman", because: "docker does not tell its ID" },
];

export const CHANGES: readonly Invocation[] = [
  { line: "rm web" },
  { line: "rm nothing-here" },
  { line: "start idle" },
  { line: "wait idle" },
  { line: "start nothing-here" },
  { line: "start web" },
  { line: "rename idle spare" },
  { line: "rename spare web" },
  { line: "kill job" },
  { line: "kill -s NOTHING web" },
  { line: "pause web" },
  { line: "ps --format '{{.Status}}'" },
  { line: "unpause web" },
  { line: "update -m 96m --memory-swap -1 web" },
  { line: "restart -t 0 web" },
  { line: "cp web:/etc/issue -", compares: "code", because: "archives have different headers" },
  { line: "cp web:/nothing here" },
  { line: "commit -m message job ocicat.test/made:1" },
  { line: "tag ocicat.test/made:1 ocicat.test/made:2" },
  { line: "tag ocicat.test/nothing ocicat.test/made:2" },
  { line: "rmi ocicat.test/made:2" },
  { line: "rmi ocicat.test/made:1", compares: "heads", because: "docker tells of layers, too" },
  { line: "rmi ocicat.test/nothing" },
  { line: `rmi ${IMAGE}`, peer: "podman" },
  { line: "save -o saved.tar ocicat.test/busybox:latest" },
  { line: "load -i saved.tar" },
  { line: "load -i nothing-here.tar" },
  { line: "volume create" },
  { line: "volume create --label a=b more" },
  { line: "volume rm more" },
  { line: "volume rm data" },
  { line: "volume rm nothing-here" },
  { line: "stop -t 0 web" },
  { line: "stop web" },
  { line: "kill web" },
  { line: "wait web nothing-here" },
  { line: "rm web job" },
  { line: "rm -f nothing-here", peer: "podman", because: "docker 20.10 failed, 23 does not" },
  { line: "container prune -f" },
  { line: "system prune -f --volumes", compares: "code" },
  { line: "no-such-command", ownCode: 125, because: "docker's 1 would be a program's own" },
];
