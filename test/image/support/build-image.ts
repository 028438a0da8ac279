import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The image, as the machine's tools see it. */
export interface BuiltImage {
  /** A digest of all that is in it. */
  readonly id: string;
  readonly sizeBytes: number;
  /** A folder with all its files. */
  readonly root: string;
  readonly architecture: string;
  readonly config: ImageConfig;
}

/** What a container gets from the image, as OCI's image specification names it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface BuildOptions {
  /** As images name it: amd64 or arm64. */
  readonly architecture: string;
  /** Store of images, bases and what is unpacked. Made if need be; bases are kept in it. */
  readonly folder: string;
  /** Of what runs programs of that architecture where the machine does not: it goes before the command. */
  readonly emulate?: string;
}

/**
 * Builds daemonset/Dockerfile twice (emulated, which takes minutes, once) over what `scripts/stage-image.ts` has staged, from a base that is made here of Debian's
 * packages, and unpacks it. No registry of images is asked. Throws with the tool's own words, and when the second build differs.
 */
export function buildImage({ architecture, folder, emulate }: BuildOptions): BuiltImage {
  const prefix = emulate === undefined ? [] : ['sh', emulate];
  // In a user namespace dpkg cannot rename folders of an overlay.
  const driver = emulate === undefined ? 'overlay' : 'vfs';
  const store = ['--root', join(folder, driver), '--runroot', join(folder, `${driver}-run`)];
  const buildah = (...parameters: readonly string[]): string =>
    run([...prefix, 'buildah', '--storage-driver', driver, ...store, ...parameters]);
  const base = `localhost/base:${architecture}`;
  const container = buildah('from', '--arch', architecture, 'scratch');
  buildah('add', '--quiet', container, makeBase(folder, architecture, prefix), '/');
  buildah('commit', '--quiet', '--rm', container, base);
  const file = join(folder, 'id');
  const build = (): string => {
    const how = ['--no-cache', '--isolation', 'chroot', '--timestamp', '0', '--arch', architecture];
    buildah(
      ...['bud', ...how, '--build-arg', `BASE=${base}`, '--build-arg', `TARGETARCH=${architecture}`],
      ...['--iidfile', file, '--file', 'daemonset/Dockerfile', '--tag', `localhost/nodemesh:${architecture}`],
      '.',
    );
    return readFileSync(file, 'utf8');
  };
  const id = build();
  const second = emulate === undefined ? build() : id;
  if (id !== second) throw new Error(`two builds, two images: ${id} and ${second}`);
  const { Docker, FromImageDigest } = JSON.parse(buildah('inspect', '--type', 'image', id)) as Inspected;
  const root = join(folder, `root-${architecture}`);
  unpack(buildah, id, root);
  const sizeBytes = Number(run(['du', '--summarize', '--block-size=1', root]).split('\t')[0]);
  return { id: FromImageDigest, sizeBytes, root, architecture: Docker.architecture, config: Docker.config };
}

/** Debian's essential packages and apt, without manuals and translations, as those who publish images of it do. */
function makeBase(folder: string, architecture: string, prefix: readonly string[]): string {
  const file = join(folder, `base-${SUITE}-${architecture}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const leftOut = ['man', 'locale', 'doc'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  run([
    ...[...prefix, 'mmdebstrap', '--mode=root', '--skip=output/dev', '--variant=apt', '--format=tar'],
    ...[`--architectures=${architecture}`, ...leftOut],
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    ...[SUITE, `${file}.part`, `deb [signed-by=${KEYS}] ${mirror()} ${SUITE} main`],
  ]);
  renameSync(`${file}.part`, file);
  return file;
}

/** Where this machine itself has Debian's packages from. */
function mirror(): string {
  const format = '$(LABEL) $(COMPONENT) $(REPO_URI)';
  const lines = run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']).split('\n');
  const found = lines.find((line) => line.startsWith('Debian main '));
  if (found === undefined) throw new Error('expected an apt source labelled Debian: run apt-get update');
  return found.slice('Debian main '.length);
}

function unpack(buildah: (...parameters: readonly string[]) => string, id: string, root: string): void {
  const container = buildah('from', '--pull-never', id);
  rmSync(root, { recursive: true, force: true });
  run(['cp', '--archive', buildah('mount', container), root]);
  buildah('umount', container);
  buildah('rm', container);
}

/** Returns what it wrote, without the last line's end. Throws with what it complained of. */
function run([program = '', ...parameters]: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync(program, parameters, {
    encoding: 'utf8',
    stdio: [...stdio],
    maxBuffer: 64 << 20,
  }).trim();
}

interface Inspected {
  readonly FromImageDigest: string;
  readonly Docker: { readonly architecture: string; readonly config: ImageConfig };
}

/** The one that daemonset/Dockerfile names. */
const SUITE = 'trixie';
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
