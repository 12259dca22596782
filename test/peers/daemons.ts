// A containerd, a dockerd and a CRI-O for one test file, on folders and sockets of their own: they share
// nothing with a daemon that the machine may run, and change nothing of its network.

import { existsSync, rmdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { run } from "../../tools/peers/command.ts";
import { BUSYBOX_IMAGE } from "../../tools/peers/images.ts";
import { eventually } from "./conditions.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import type { Workspace } from "./workspace.ts";

/** containerd's shims make these whatever the configuration says. */
const SHIM_FOLDERS = ["/run/containerd/fifo", "/run/containerd/s", "/run/containerd"];

export type Daemon = {
  readonly socket: string;
  readonly stop: () => Promise<void>;
};

export async function startContainerd(workspace: Workspace): Promise<Daemon> {
  const shimFolders = SHIM_FOLDERS.filter((folder) => !existsSync(folder));
  const socket = join(workspace.folder, "containerd.sock");
  const configuration = join(workspace.folder, "containerd.toml");
  await writeFile(configuration, containerdConfiguration(workspace.folder, socket));
  const child = await startDaemon(workspace, "containerd", ["--config", configuration]);
  await answers(["ctr", "-a", socket, "version"], child);
  return {
    socket,
    stop: async () => {
      await stopDaemon(child);
      removeEmpty(shimFolders);
    },
  };
}

/** What containers run with unless told otherwise: the runtime under test, or dockerd's own. */
export type DefaultRuntime = "tested" | "runc";

export async function startDockerd(
  workspace: Workspace,
  runtime: DefaultRuntime = "tested",
): Promise<Daemon> {
  const containerd = await startContainerd(workspace);
  const socket = join(workspace.folder, "docker.sock");
  const configuration = join(workspace.folder, "daemon.json");
  const settings = { "default-runtime": runtime, runtimes: { tested: { path: RUNTIME } } };
  await writeFile(configuration, JSON.stringify(settings));
  const child = await startDaemon(workspace, "dockerd", [
    `--config-file=${configuration}`,
    `--data-root=${join(workspace.folder, "docker")}`,
    `--exec-root=${join(workspace.folder, "docker-run")}`,
    `--pidfile=${join(workspace.folder, "docker.pid")}`,
    `--host=unix://${socket}`,
    `--containerd=${containerd.socket}`,
    `--cgroup-parent=${workspace.cgroupParent}`,
    "--exec-opt=native.cgroupdriver=cgroupfs",
    "--storage-driver=overlay2",
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-masq=false",
    "--userland-proxy=false",
  ]);
  await answers(["/usr/bin/docker", "--host", `unix://${socket}`, "version"], child);
  return {
    socket,
    stop: async () => {
      await stopDaemon(child);
      // dockerd leaves this when a container had the host's network.
      await run(["umount", join(workspace.folder, "docker-run/netns/default")]);
      await containerd.stop();
    },
  };
}

function containerdConfiguration(folder: string, socket: string): string {
  const disabled = [
    "io.containerd.grpc.v1.cri",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
  ];
  return `
    version = 2
    root = "${folder}/containerd"
    state = "${folder}/containerd-run"
    disabled_plugins = ${JSON.stringify(disabled)}
    [grpc]
      address = "${socket}"
  `;
}

/** In `programs` are crio and pinns. Pods have the host's network: CNI is not what is tested. */
export async function startCriO(workspace: Workspace, programs: string): Promise<Daemon> {
  const { folder } = workspace;
  const socket = join(folder, "crio.sock");
  const configuration = join(folder, "crio.conf");
  await writeFile(join(folder, "policy.json"), '{"default": [{"type": "insecureAcceptAnything"}]}');
  await writeFile(configuration, criOConfiguration(folder, { socket, programs }));
  await mkdir(join(folder, "crio-namespaces"));
  const flags = ["--config", configuration, "--config-dir", ""];
  const child = await startDaemon(workspace, join(programs, "crio"), flags);
  await answers(
    [join(programs, "crictl"), "--runtime-endpoint", `unix://${socket}`, "version"],
    child,
  );
  return { socket, stop: () => stopDaemon(child) };
}

function criOConfiguration(
  folder: string,
  { socket, programs }: { readonly socket: string; readonly programs: string },
): string {
  return `
    [crio]
      root = "${folder}/crio"
      runroot = "${folder}/crio-run"
      storage_driver = "overlay"
      log_dir = "${folder}/crio-logs"
      version_file = "${folder}/crio-version"
      version_file_persist = ""
      clean_shutdown_file = "${folder}/crio-clean"
    [crio.api]
      listen = "${socket}"
    [crio.runtime]
      default_runtime = "tested"
      cgroup_manager = "cgroupfs"
      conmon_cgroup = "pod"
      pinns_path = "${programs}/pinns"
      namespaces_dir = "${folder}/crio-namespaces"
      container_exits_dir = "${folder}/crio-exits"
      container_attach_socket_dir = "${folder}/crio-attach"
      drop_infra_ctr = true
    [crio.runtime.runtimes.tested]
      runtime_path = "${RUNTIME}"
      runtime_type = "oci"
      runtime_root = "${folder}/crio-state"
      monitor_path = "/usr/bin/conmon"
      monitor_cgroup = "pod"
    [crio.image]
      pause_image = "${BUSYBOX_IMAGE}"
      pause_command = "/bin/sleep"
      signature_policy = "${folder}/policy.json"
    [crio.network]
      network_dir = "${folder}/crio-networks"
      plugin_dirs = ["/usr/lib/cni"]
    [crio.metrics]
      enable_metrics = false
    [crio.nri]
      enable_nri = false
  `;
}

async function startDaemon(
  workspace: Workspace,
  name: string,
  daemonArguments: readonly string[],
): Promise<Bun.Subprocess> {
  const log = Bun.file(join(workspace.folder, `${basename(name)}.log`));
  await Bun.write(log, "");
  return Bun.spawn([name, ...daemonArguments], { stdin: "ignore", stdout: log, stderr: log });
}

async function answers(command: readonly string[], daemon: Bun.Subprocess): Promise<void> {
  await eventually(`"${command.join(" ")}" to succeed`, async () => {
    if (daemon.exitCode !== null) {
      throw new Error(`the daemon has ended with status ${daemon.exitCode}`);
    }
    return (await run(command)).code === 0;
  });
}

async function stopDaemon(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  await child.exited;
  clearTimeout(timer);
}

function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    if (existsSync(folder)) {
      rmdirSync(folder);
    }
  }
}
