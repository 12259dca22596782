// Peers that Debian does not have, built by the Go client in a module of their own in the cache.

import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderOf, madeOnce, type Recipe } from "./cache.ts";
import { must } from "./command.ts";

const VALIDATION = "github.com/opencontainers/runtime-tools";

/**
 * runtime-tools 0.9.0 has no go.mod, and does not compile with the newest versions of what it
 * imports: runtime-spec has since made the pids limit a pointer, selinux has dropped FileLabel.
 */
const VALIDATION_MODULES = [
  `${VALIDATION}@v0.9.0`,
  "github.com/blang/semver@v3.5.1+incompatible",
  "github.com/hashicorp/go-multierror@v1.1.1",
  "github.com/mndrix/tap-go@v0.0.0-20171203230836-629fa407e90b",
  "github.com/mrunalp/fileutils@v0.5.1",
  "github.com/opencontainers/runtime-spec@v1.0.2",
  "github.com/opencontainers/selinux@v1.6.0",
  "github.com/satori/go.uuid@v1.2.0",
  "github.com/sirupsen/logrus@v1.10.2",
  "github.com/syndtr/gocapability@v0.0.0-20200815063812-42c35b437635",
  "github.com/urfave/cli@v1.22.17",
  "github.com/xeipuuv/gojsonschema@v1.2.0",
];

const RUNC_VERSION = "1.5.2";

/**
 * The folder of the OCI runtime validation suite: one program a test, and what they expect in their
 * working directory (`runtimetest`, a root file system).
 */
export function validationPrograms(): Promise<string> {
  return madeOnce({
    name: "validation",
    ingredients: VALIDATION_MODULES,
    make: async (folder) => {
      const module = await goModule(folder, VALIDATION_MODULES);
      const environment = { CGO_ENABLED: "0", GOFLAGS: "-mod=mod" };
      const packages = [`${VALIDATION}/validation/...`, `${VALIDATION}/cmd/runtimetest`];
      await build(module, environment, ["-o", `${folder}/`, ...packages]);
      const list = ["go", "list", "-m", "-f", "{{.Dir}}", VALIDATION];
      const source = await must(list, { folder: module, environment });
      await copyRootFileSystem(source.trim(), folder);
      await must(["rm", "-rf", module]);
    },
  });
}

/** Go's module cache is read-only: the copy must not be, or the cache folder could not be removed. */
async function copyRootFileSystem(source: string, folder: string): Promise<void> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const name = `rootfs-${architecture}.tar.gz`;
  await copyFile(join(source, name), join(folder, name));
  await chmod(join(folder, name), 0o644);
}

/** The path of the newest runc, which Debian 12 does not have: for the benchmark. */
export async function currentRunc(): Promise<string> {
  const folder = await madeOnce({
    name: "runc",
    ingredients: [RUNC_VERSION],
    make: async (making) => {
      const module = await goModule(making, [`github.com/opencontainers/runc@v${RUNC_VERSION}`]);
      const environment = { CGO_ENABLED: "1", GOFLAGS: "-mod=mod" };
      await build(
        module,
        environment,
        ["-tags", "seccomp", "-o", join(making, "runc"), "github.com/opencontainers/runc"],
        { linkerFlags: `-X main.version=${RUNC_VERSION}` },
      );
      await must(["rm", "-rf", module]);
    },
  });
  return join(folder, "runc");
}

const CRIO_MODULES = ["github.com/cri-o/cri-o@v1.34.0", "sigs.k8s.io/cri-tools@v1.34.0"] as const;
/** Without gpgme, btrfs and the device mapper, whose headers would have to be there. */
const CRIO_TAGS =
  "containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper";

/** The rest of the lane needs its time, too. */
const PATIENCE = { seconds: 420 };

const CRIO_RECIPE: Recipe = {
  name: "cri-o",
  ingredients: [...CRIO_MODULES, CRIO_TAGS],
  make: async (folder) => {
    const environment = { CGO_ENABLED: "1", GOFLAGS: "-mod=mod" };
    const daemon = await goSource(folder, CRIO_MODULES[0]);
    const flags = ["-tags", CRIO_TAGS, "-o", join(folder, "crio")];
    await build(daemon, environment, [...flags, "./cmd/crio"], PATIENCE);
    const sources = ["pinns.c", "sysctl.c"].map((name) => join(daemon, "pinns/src", name));
    const pinns = [...sources, "-o", join(folder, "pinns")];
    await must(["gcc", "-std=c99", "-O2", `-DVERSION="1"`, ...pinns]);
    await must(["rm", "-rf", daemon]);
    const client = await goSource(folder, CRIO_MODULES[1]);
    const output = ["-o", join(folder, "crictl")];
    await build(client, environment, [...output, "./cmd/crictl"], PATIENCE);
    await must(["rm", "-rf", client]);
  },
};

/** Builds the programs `crio`, `pinns` and `crictl`, which Debian does not have. */
export async function buildCriO(): Promise<void> {
  await madeOnce(CRIO_RECIPE);
}

/** Where they are, if they could be built. */
export function criOFolder(): string {
  return folderOf(CRIO_RECIPE);
}

/** Makes a module that requires the given versions, outside the repository. Returns its folder. */
async function goModule(folder: string, modules: readonly string[]): Promise<string> {
  const module = join(folder, "module");
  await mkdir(module);
  await writeFile(join(module, "go.mod"), "module peers\n\ngo 1.21\n");
  const environment = { GOFLAGS: "-mod=mod" };
  await must(["go", "get", ...modules], { folder: module, environment, seconds: 600 });
  return module;
}

/** A module's own folder, with the sums of all that it imports, in a copy that can be built in. */
async function goSource(folder: string, module: string): Promise<string> {
  const download = ["go", "mod", "download", "-json", module];
  const { Dir } = JSON.parse(await must(download, { folder, seconds: 120 })) as { Dir: string };
  const source = join(folder, "source");
  await must(["cp", "-r", Dir, source]);
  await must(["chmod", "-R", "u+w", source]);
  return source;
}

async function build(
  module: string,
  environment: Readonly<Record<string, string>>,
  buildArguments: readonly string[],
  { linkerFlags = "", seconds = 900 } = {},
): Promise<void> {
  const command = ["go", "build", "-trimpath", "-ldflags", `-s -w ${linkerFlags}`];
  await must([...command, ...buildArguments], { folder: module, environment, seconds });
}
