// Programs that push to registries and pull from them, each with one way in: from an OCI image layout to
// a registry, and from a registry to the digests that it says it got. Each keeps its images in the folder
// that it is given.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { loadArchive } from "../../src/image/formats/load-archive.ts";
import type { CredentialSource } from "../../src/image/registry/credential.ts";
import { RegistryClient } from "../../src/image/registry/registry-client.ts";
import { pullImage } from "../../src/image/transfer/pull-image.ts";
import { pushImage } from "../../src/image/transfer/push-image.ts";
import { decodeIndex, decodeManifest } from "../../src/oci/parse/image.ts";
import { must } from "../../tools/peers/command.ts";
import { IMAGE_TAG } from "../../tools/peers/images.ts";
import { hostPlatform } from "./host-platform.ts";

/** What a registry wants of its clients. */
export interface RegistryAccess {
  /** A folder with HOST:PORT/{ca.crt,client.cert,client.key}; absent: plain HTTP. */
  readonly certificates?: string;
  readonly login?: { readonly username: string; readonly password: string };
}

export interface Pulled {
  readonly manifest: string;
  readonly config: string;
}

export interface RegistryPeer {
  readonly name: string;
  /** The program that has to be installed. */
  readonly program: string | undefined;
  /** Pushes the image of a layout to a name with a tag, whatever it does to it. */
  push(layout: string, target: string, access?: RegistryAccess): Promise<void>;
  pull(source: string, access?: RegistryAccess): Promise<Pulled>;
}

export function isPeerMissing({ program }: RegistryPeer): boolean {
  return program !== undefined && Bun.which(program) === null;
}

/** Those that keep the bytes of what they get come first. */
export function registryPeers(folder: string): readonly RegistryPeer[] {
  return [new Ocicat(folder), new Skopeo(folder), podman(folder), buildah(folder)];
}

export class Ocicat implements RegistryPeer {
  readonly name = "ocicat";
  readonly program = undefined;
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async push(layout: string, target: string, access: RegistryAccess = {}): Promise<void> {
    using store = new ContentStore(join(this.#folder, "ocicat"));
    const platform = hostPlatform();
    const [image] = await loadArchive(
      store,
      { kind: "path", path: layout },
      { platform, allPlatforms: true },
    );
    if (image === undefined) {
      throw new Error(`load "${layout}": no image in it`);
    }
    const place = { store, client: ocicatClient(access) };
    await pushImage(place, image.descriptor, target, { platform });
  }

  /** Into a store of its own: what other pulls brought is not there. */
  async pull(source: string, access: RegistryAccess = {}): Promise<Pulled> {
    this.#count += 1;
    using store = new ContentStore(this.storeFolder);
    const place = { store, client: ocicatClient(access) };
    const result = await pullImage(place, source, { platform: hostPlatform() });
    return { manifest: result.descriptor.digest, config: result.imageId ?? "" };
  }

  /** Of the latest pull. */
  get storeFolder(): string {
    return join(this.#folder, `ocicat-${this.#count}`);
  }
}

export function ocicatClient({ certificates, login }: RegistryAccess = {}): RegistryClient {
  const credentials: CredentialSource = {
    find: async () =>
      await Promise.resolve(login === undefined ? undefined : { kind: "password", ...login }),
  };
  return new RegistryClient({
    credentials,
    hostsFolders: certificates === undefined ? [] : [certificates],
  });
}

class Skopeo implements RegistryPeer {
  readonly name = "skopeo";
  readonly program = "skopeo";
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async push(layout: string, target: string, access: RegistryAccess = {}): Promise<void> {
    const flags = ["--all", "--preserve-digests", ...skopeoFlags("dest", target, access)];
    await skopeo(["copy", ...flags, `oci:${layout}:${IMAGE_TAG}`, `docker://${target}`]);
  }

  async pull(source: string, access: RegistryAccess = {}): Promise<Pulled> {
    this.#count += 1;
    const layout = join(this.#folder, `skopeo-${this.#count}`);
    const flags = ["--preserve-digests", ...skopeoFlags("src", source, access)];
    await skopeo(["copy", ...flags, `docker://${source}`, `oci:${layout}:${IMAGE_TAG}`]);
    return readLayout(layout);
  }
}

export async function skopeo(parts: readonly string[]): Promise<string> {
  return await must(["skopeo", "--insecure-policy", ...parts]);
}

export function skopeoFlags(
  side: "src" | "dest",
  name: string,
  { certificates, login }: RegistryAccess,
): string[] {
  const transport =
    certificates === undefined
      ? [`--${side}-tls-verify=false`]
      : [`--${side}-cert-dir=${join(certificates, domainOf(name))}`];
  return login === undefined
    ? transport
    : [...transport, `--${side}-creds=${login.username}:${login.password}`];
}

/** The digests of the first image of a layout. */
export function readLayout(layout: string): Pulled {
  const [top] = decodeIndex(readFileSync(join(layout, "index.json"), "utf8")).manifests;
  const path = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const manifest = top?.digest ?? "";
  const { config } = decodeManifest(readFileSync(path(manifest), "utf8"));
  return { manifest, config: config.digest };
}

/** podman and buildah keep layers unpacked: what they push has other digests than what they got. */
class ContainersStorage implements RegistryPeer {
  readonly name: string;
  readonly program: string;
  readonly #folder: string;
  readonly #command: readonly string[];
  readonly #digestsOf: (id: string) => Promise<Pulled>;

  constructor(
    folder: string,
    command: readonly string[],
    digestsOf: (must: (parts: readonly string[]) => Promise<string>, id: string) => Promise<Pulled>,
  ) {
    this.name = command[0] ?? "";
    this.program = this.name;
    this.#folder = folder;
    this.#command = command;
    this.#digestsOf = (id) => digestsOf((parts) => this.#must(parts), id);
  }

  async push(layout: string, target: string, access: RegistryAccess = {}): Promise<void> {
    // They make a name of the path, which then has to be one.
    await must(["ln", "-sfn", layout, join(this.#folder, "layout")]);
    const pulled = await this.#must(["pull", "--quiet", `oci:layout:${IMAGE_TAG}`]);
    const id = pulled.split("\n").at(-1) ?? "";
    await this.#must(["push", "--quiet", ...this.#flags(target, access), id, `docker://${target}`]);
    await this.#must(["rmi", "--force", id]);
  }

  async pull(source: string, access: RegistryAccess = {}): Promise<Pulled> {
    const pulled = await this.#must(["pull", "--quiet", ...this.#flags(source, access), source]);
    const id = pulled.split("\n").at(-1) ?? "";
    const digests = await this.#digestsOf(id);
    await this.#must(["rmi", "--force", id]);
    return digests;
  }

  async #must(parts: readonly string[]): Promise<string> {
    return (await must([...this.#command, ...parts], { folder: this.#folder })).trim();
  }

  #flags(name: string, { certificates, login }: RegistryAccess): string[] {
    const transport =
      certificates === undefined
        ? ["--tls-verify=false"]
        : [`--cert-dir=${join(certificates, domainOf(name))}`];
    return login === undefined
      ? transport
      : [...transport, `--creds=${login.username}:${login.password}`];
  }
}

function storageFlags(folder: string, name: string): string[] {
  const own = join(folder, name);
  return [`--root=${own}/root`, `--runroot=${own}/run`, "--storage-driver=overlay"];
}

function podman(folder: string): RegistryPeer {
  const flags = [...storageFlags(folder, "podman"), "--events-backend=file"];
  const command = ["podman", ...flags, `--tmpdir=${folder}/podman/tmp`];
  return new ContainersStorage(folder, command, async (call, id) => {
    const format = "{{.Digest}} sha256:{{.Id}}";
    const [manifest = "", config = ""] = (
      await call(["image", "inspect", "--format", format, id])
    ).split(" ");
    return { manifest, config };
  });
}

function buildah(folder: string): RegistryPeer {
  const command = ["buildah", ...storageFlags(folder, "buildah")];
  return new ContainersStorage(folder, command, async (call, id) => {
    const format = "{{.FromImageDigest}} sha256:{{.FromImageID}}";
    const [manifest = "", config = ""] = (
      await call(["inspect", "--type=image", "--format", format, id])
    ).split(" ");
    return { manifest, config };
  });
}

function domainOf(name: string): string {
  return name.slice(0, name.indexOf("/"));
}
