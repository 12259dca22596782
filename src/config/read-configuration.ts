// Which files hold settings, and what there is of them. Where there is none, reading costs one failed
// open for each.
//
//   $OCICAT_CONFIG                      alone, where it is set; "" reads no file
//   $XDG_CONFIG_HOME/ocicat/config.toml the user's: ~/.config/ocicat/config.toml
//   /etc/ocicat/config.toml             the system's

import { AT_FDCWD, O_NONBLOCK, O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { type OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import { OwnedFd, readAll, statAt, tryOpenAt } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";
import { Configuration, type ConfigurationFile } from "./configuration.ts";

export const CONFIG_VARIABLE = "OCICAT_CONFIG";
export const SYSTEM_FILE = "/etc/ocicat/config.toml";

/** A hundred times what all settings need. */
const FILE_BYTES_MAX = 64 * 1024;
const WRITABLE_BY_ALL = 0o002;

type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadConfigurationOptions {
  readonly environment: Environment;
  readonly effectiveUid: number;
  readonly onWarning: (text: string) => void;
  /** In place of SYSTEM_FILE, for tests. */
  readonly systemFile?: string;
}

/** Throws OcicatError for a file that cannot be read or has a wrong value. */
export async function readConfiguration(options: ReadConfigurationOptions): Promise<Configuration> {
  const files: ConfigurationFile[] = [];
  for (const path of configurationPaths(options)) {
    const text = readText(path, options);
    if (text !== undefined) {
      const { parseConfigurationFile } = await import("./parse-file.ts");
      files.push(parseConfigurationFile({ path, text, onWarning: options.onWarning }));
    }
  }
  return new Configuration({ files, environment: options.environment });
}

/** The files that are looked for, the one that counts most first. */
export function configurationPaths(
  options: Pick<ReadConfigurationOptions, "environment" | "systemFile">,
): string[] {
  const { environment, systemFile = SYSTEM_FILE } = options;
  const only = environment[CONFIG_VARIABLE];
  if (only !== undefined) {
    return only === "" ? [] : [only];
  }
  const folder = userFolder(environment);
  return folder === undefined ? [systemFile] : [`${folder}/ocicat/config.toml`, systemFile];
}

/** The XDG specification has programs ignore relative paths. */
function userFolder({ XDG_CONFIG_HOME, HOME }: Environment): string | undefined {
  if (XDG_CONFIG_HOME?.startsWith("/") === true) {
    return XDG_CONFIG_HOME;
  }
  return HOME?.startsWith("/") === true ? `${HOME}/.config` : undefined;
}

function readText(path: string, options: ReadConfigurationOptions): string | undefined {
  // A named pipe of another user's must not be waited for.
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  const isAsked = options.environment[CONFIG_VARIABLE] === path;
  if ((fd === -Errno.ENOENT || fd === -Errno.ENOTDIR) && !isAsked) {
    return undefined;
  }
  if (fd < 0) {
    throw unreadable(-fd, path);
  }
  using file = new OwnedFd(fd);
  const stranger = strangerOf(file.number, options.effectiveUid);
  if (stranger !== undefined) {
    options.onWarning(`${quote(path)} is not read: it ${stranger}`);
    return undefined;
  }
  return decodeText(readAll(file.number, quote(path), FILE_BYTES_MAX));
}

function unreadable(errno: number, path: string): OcicatError {
  const hint = `make it readable for you, or name another one in ${CONFIG_VARIABLE}`;
  return systemError(errno, "open", quote(path), { hint });
}

/**
 * Settings say whom to trust: a file counts only if it is the user's own or root's. As root with
 * another user's HOME (sudo -E), that user would decide else.
 */
function strangerOf(fd: number, effectiveUid: number): string | undefined {
  const status = statAt(fd, "");
  if (status === undefined) {
    return undefined;
  }
  if (status.uid !== 0 && status.uid !== effectiveUid) {
    return `belongs to user ${status.uid}`;
  }
  return (status.mode & WRITABLE_BY_ALL) === 0 ? undefined : "can be written by everybody";
}
