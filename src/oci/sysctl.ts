// Names of kernel parameters, as sysctl(8) takes them, and the namespace that each belongs to.
//
//   net.ipv4.ip_forward              net/ipv4/ip_forward
//   net.ipv4.conf.eno2/100.rp_filter net/ipv4/conf/eno2.100/rp_filter
//   net/ipv4/conf/eno2.100/rp_filter the same: the first separator decides which one separates

import type { NamespaceType } from "./linux.ts";

/** Under /proc/sys; nothing when the name would leave that folder. */
export function sysctlPath(name: string): string | undefined {
  const separator = firstSeparator(name);
  const other = separator === "." ? "/" : ".";
  const components = name.split(separator);
  const path: string[] = [];
  for (const component of components) {
    const file = separator === "." ? component.replaceAll(other, ".") : component;
    if (file === "" || file === "." || file === "..") {
      return undefined;
    }
    path.push(file);
  }
  return path.join("/");
}

function firstSeparator(name: string): "." | "/" {
  for (const character of name) {
    if (character === "." || character === "/") {
      return character;
    }
  }
  return ".";
}

const IPC_PARAMETERS: ReadonlySet<string> = new Set([
  "kernel/msgmax",
  "kernel/msgmnb",
  "kernel/msgmni",
  "kernel/sem",
  "kernel/shmall",
  "kernel/shmmax",
  "kernel/shmmni",
  "kernel/shm_rmid_forced",
]);

/** The namespace whose own copy `path` is; nothing when the whole host shares it. */
export function sysctlNamespace(path: string): NamespaceType | undefined {
  if (path.startsWith("net/")) {
    return "network";
  }
  if (IPC_PARAMETERS.has(path) || path.startsWith("fs/mqueue/")) {
    return "ipc";
  }
  if (path.startsWith("user/")) {
    return "user";
  }
  return path === "kernel/domainname" || path === "kernel/hostname" ? "uts" : undefined;
}
