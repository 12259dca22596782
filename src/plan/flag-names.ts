// The names that the listing shows for flags.

import * as abiMount from "../abi/mount.ts";
import * as abiProcess from "../abi/process.ts";
import type { FlagNames } from "../program/program.ts";

export const CLONE_NAMES: FlagNames = {
  NEWTIME: abiProcess.CLONE_NEWTIME,
  NEWNS: abiProcess.CLONE_NEWNS,
  NEWCGROUP: abiProcess.CLONE_NEWCGROUP,
  NEWUTS: abiProcess.CLONE_NEWUTS,
  NEWIPC: abiProcess.CLONE_NEWIPC,
  NEWUSER: abiProcess.CLONE_NEWUSER,
  NEWPID: abiProcess.CLONE_NEWPID,
  NEWNET: abiProcess.CLONE_NEWNET,
};

export const MS_NAMES: FlagNames = {
  RDONLY: abiMount.MS_RDONLY,
  NOSUID: abiMount.MS_NOSUID,
  NODEV: abiMount.MS_NODEV,
  NOEXEC: abiMount.MS_NOEXEC,
  REMOUNT: abiMount.MS_REMOUNT,
  BIND: abiMount.MS_BIND,
  REC: abiMount.MS_REC,
  UNBINDABLE: abiMount.MS_UNBINDABLE,
  PRIVATE: abiMount.MS_PRIVATE,
  SLAVE: abiMount.MS_SLAVE,
  SHARED: abiMount.MS_SHARED,
};

export const MOUNT_ATTR_NAMES: FlagNames = {
  RDONLY: abiMount.MOUNT_ATTR_RDONLY,
  NOSUID: abiMount.MOUNT_ATTR_NOSUID,
  NODEV: abiMount.MOUNT_ATTR_NODEV,
  NOEXEC: abiMount.MOUNT_ATTR_NOEXEC,
  STRICTATIME: abiMount.MOUNT_ATTR_STRICTATIME,
  NOATIME: abiMount.MOUNT_ATTR_NOATIME,
  NODIRATIME: abiMount.MOUNT_ATTR_NODIRATIME,
  IDMAP: abiMount.MOUNT_ATTR_IDMAP,
  NOSYMFOLLOW: abiMount.MOUNT_ATTR_NOSYMFOLLOW,
};

export const OPEN_TREE_NAMES: FlagNames = {
  CLONE: abiMount.OPEN_TREE_CLONE,
  CLOEXEC: abiMount.OPEN_TREE_CLOEXEC,
  RECURSIVE: 0x8000,
  EMPTY_PATH: 0x1000,
};

export const OPEN_NAMES: FlagNames = {
  PATH: 0o10000000,
  CLOEXEC: 0o2000000,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  NONBLOCK: 0o4000,
};

export const RESOLVE_NAMES: FlagNames = {
  NO_XDEV: 1,
  NO_MAGICLINKS: 2,
  NO_SYMLINKS: 4,
  BENEATH: 8,
  IN_ROOT: 16,
};
