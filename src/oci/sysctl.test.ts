import { expect, test } from "bun:test";
import { sysctlNamespace, sysctlPath } from "./sysctl.ts";

test.each([
  ["net.ipv4.ip_forward", "net/ipv4/ip_forward", "network"],
  ["net/ipv4/ip_forward", "net/ipv4/ip_forward", "network"],
  ["net.ipv4.conf.eno2/100.rp_filter", "net/ipv4/conf/eno2.100/rp_filter", "network"],
  ["net/ipv4/conf/eno2.100/rp_filter", "net/ipv4/conf/eno2.100/rp_filter", "network"],
  ["kernel.shm_rmid_forced", "kernel/shm_rmid_forced", "ipc"],
  ["fs.mqueue.msg_max", "fs/mqueue/msg_max", "ipc"],
  ["kernel.domainname", "kernel/domainname", "uts"],
  ["user.max_net_namespaces", "user/max_net_namespaces", "user"],
  ["kernel.panic", "kernel/panic", undefined],
  ["networks", "networks", undefined],
])("%p is %p of the %p namespace", (name, path, namespace) => {
  expect<string | undefined>(sysctlPath(name)).toBe(path);
  expect<string | undefined>(sysctlNamespace(path)).toBe(namespace);
});

test.each([
  [""],
  ["."],
  ["net."],
  [".net"],
  ["net..a"],
  ["net/../kernel/panic"],
  ["net/./a"],
  ["net.//.kernel.panic"],
  ["/etc/passwd"],
])("%p names no parameter", (name) => {
  expect(sysctlPath(name)).toBeUndefined();
});
