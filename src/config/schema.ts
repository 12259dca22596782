// All settings. docs/configuration.md is made from this table (`npm run generate`).
//
// A setting's name is its place in a configuration file, "image.pull-policy" is pull-policy in [image], and
// says which variable sets it: OCICAT_IMAGE_PULL_POLICY.

import { IMAGE_DOCUMENT_LENGTH_MAX } from "../oci/parse/image.ts";
import { type ListsByName, listsByName } from "./lists-by-name.ts";
import { choice, duration, folder, integer, list, type Setting, size, text } from "./setting.ts";

export type StorageFormatChoice = "auto" | "erofs" | "directory";
export type PullPolicy = "missing" | "always" | "newer" | "never";
export type ProgressStyle = "auto" | "bars" | "lines" | "json" | "none";

export interface SettingValues {
  readonly "store.root": string | undefined;
  readonly "state.root": string | undefined;
  readonly "image.default-registry": string;
  readonly "image.insecure-registries": readonly string[];
  readonly "image.certs-dirs": readonly string[];
  readonly "image.parallel-downloads": number;
  readonly "image.pull-policy": PullPolicy;
  readonly "storage.format": StorageFormatChoice;
  readonly "storage.compressed": "keep" | "drop";
  /** Bytes. */
  readonly "limits.layer-bytes": number;
  readonly "limits.layer-entries": number;
  readonly "limits.compression-ratio": number;
  /** Bytes. */
  readonly "limits.manifest-bytes": number;
  readonly "registry.mirrors": ListsByName;
  /** Milliseconds. */
  readonly "registry.answer-timeout": number;
  /** Milliseconds. */
  readonly "registry.idle-timeout": number;
  readonly "registry.attempts": number;
  /** Bytes. */
  readonly "registry.upload-bytes": number;
  readonly "progress.style": ProgressStyle;
  readonly "terminal.detach-keys": string;
  readonly "events.keep": number;
  readonly "users.auto-name": string;
}

export type SettingKey = keyof SettingValues;

export type SettingTable = { readonly [Key in SettingKey]: Setting<SettingValues[Key]> };

export const SETTINGS: SettingTable = {
  "store.root": folder(
    "The folder of images, layers and containers; without it /var/lib/ocicat, and for an " +
      "ordinary user $XDG_DATA_HOME/ocicat or ~/.local/share/ocicat",
  ),
  "state.root": folder(
    "The folder for the state of what runs; without it /run/ocicat, and for an ordinary " +
      "user $XDG_RUNTIME_DIR/ocicat, or without a session a folder of one's own in /tmp",
  ),
  "image.default-registry": text({
    fallback: "docker.io",
    purpose: 'The registry of names that do not say one: "debian"',
  }),
  "image.insecure-registries": list({
    of: "names",
    fallback: [],
    purpose:
      "Registries whose certificate is not checked, and that are spoken to without TLS " +
      'where they have none: "host", "host:port", "*.domain" or "10.0.0.0/8"; loopback ' +
      "needs not be named",
  }),
  "image.certs-dirs": list({
    of: "folders",
    fallback: ["/etc/ocicat/certs.d", "/etc/containerd/certs.d", "/etc/docker/certs.d"],
    purpose:
      "Where the folder of a registry, HOST or HOST:PORT, is looked for: hosts.toml with " +
      "its mirrors, *.crt of its authority, *.cert and *.key of a client; the first that is " +
      "there counts",
  }),
  "image.parallel-downloads": integer(
    { min: 1, max: 32 },
    { fallback: 4, purpose: "How many blobs of an image are downloaded or uploaded at once" },
  ),
  "image.pull-policy": choice(["missing", "always", "newer", "never"], {
    fallback: "missing",
    purpose:
      "When an image is fetched before a container is made of it: if it is not there, every " +
      "time, when the registry has another one, or not at all",
  }),
  "storage.format": choice(["auto", "erofs", "directory"], {
    fallback: "auto",
    purpose:
      "How layers are kept: as EROFS files, which are mounted, or as directories, which are " +
      "unpacked; auto takes EROFS where it can be mounted",
  }),
  "storage.compressed": choice(["keep", "drop"], {
    fallback: "keep",
    purpose:
      "Whether a compressed layer stays as it came beside its layer file; without it a push " +
      "or save compresses again",
  }),
  "limits.layer-bytes": size({
    fallback: 256 * 1024 ** 3,
    purpose: "How large one layer may be when it is not compressed",
  }),
  "limits.layer-entries": integer(
    { min: 1, max: 1_000_000_000 },
    { fallback: 5_000_000, purpose: "How many files and folders one layer may have" },
  ),
  "limits.compression-ratio": integer(
    { min: 1, max: 1_000_000 },
    {
      fallback: 200,
      purpose: "How many bytes may come from one byte of a layer, from its first GiB on",
    },
  ),
  "limits.manifest-bytes": size({
    fallback: IMAGE_DOCUMENT_LENGTH_MAX,
    most: IMAGE_DOCUMENT_LENGTH_MAX,
    purpose: "How large a manifest, an index or an image's configuration of a registry may be",
  }),
  "registry.mirrors": listsByName({
    fallback: {},
    purpose:
      'The addresses that are asked before a registry, by its name, in order: { "docker.io" ' +
      '= ["https://mirror.example"] }',
  }),
  "registry.answer-timeout": duration({
    fallback: 60_000,
    purpose: "How long a registry may take until it begins to answer",
  }),
  "registry.idle-timeout": duration({
    fallback: 60_000,
    purpose: "How long a transfer may stand still",
  }),
  "registry.attempts": integer(
    { min: 1, max: 100 },
    { fallback: 6, purpose: "How often in all a request is made that fails without progress" },
  ),
  "registry.upload-bytes": size({
    fallback: 1024 ** 4,
    purpose:
      "How much of a blob one request uploads: what is larger goes in chunks of this size. Where a " +
      "registry refuses that much they are smaller by themselves",
  }),
  "progress.style": choice(["auto", "bars", "lines", "json", "none"], {
    fallback: "auto",
    purpose: "How progress is shown; auto draws bars at a terminal and else writes lines",
  }),
  "terminal.detach-keys": text({
    fallback: "ctrl-p,ctrl-q",
    purpose:
      "The keys that leave a terminal of a container and let its process go on: characters, " +
      "or ctrl- and a letter, separated by commas; none when empty",
  }),
  "events.keep": integer(
    { min: 0, max: 10_000_000 },
    { fallback: 10_000, purpose: "How many events are kept for `ocicat events --since`" },
  ),
  "users.auto-name": text({
    fallback: "containers",
    purpose:
      "The name in /etc/subuid and /etc/subgid whose ids `--userns auto` gives to root's " +
      "containers",
  }),
};

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}

export function settingKeys(): SettingKey[] {
  return Object.keys(SETTINGS).filter(isSettingKey);
}

/** "image.pull-policy" is set by OCICAT_IMAGE_PULL_POLICY. */
export function variableOf(key: SettingKey): string {
  return `OCICAT_${key.replace(/[.-]/g, "_").toUpperCase()}`;
}
