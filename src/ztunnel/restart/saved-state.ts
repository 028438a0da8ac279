import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { errnoOf } from '../../base/index.ts';
import type { AuthorizationPolicy, Membership, Service, Workload } from '../../model/index.ts';
import type { SavedPods } from '../served-pods/index.ts';
import { ZtunnelError } from '../errors.ts';

/** What one process leaves to the next, so that it can serve while the controller is away. */
export interface SavedState extends SavedPods {
  readonly node: string;
  /** When it was saved (`readBoot`). */
  readonly boot: string;
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly policies: readonly AuthorizationPolicy[];
  /** Undefined: nobody had told. */
  readonly memberships: readonly Membership[] | undefined;
  /** As the certificate store gave it: with private keys. */
  readonly svids: string;
  /** By type URL: name to version, so that the controller sends only what changed, and what went. */
  readonly versions: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const FORMAT = 'nodemesh ztunnel state 5';
const DIGEST_BYTES = 32;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o077;

/** Replaces the file as a whole; only this user can read it. Rejects with ERR_ZTUNNEL_STATE_FILE. */
export async function writeState(file: string, state: SavedState): Promise<void> {
  // Two generations may write at once: each has a file of its own until the rename.
  const temporary = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    const handle = await open(temporary, 'w', PRIVATE_FILE);
    try {
      await handle.chmod(PRIVATE_FILE);
      const document = serialize({ format: FORMAT, state });
      await handle.writeFile(Buffer.concat([digestOf(document), document]));
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    // Where it cannot even be removed, or was never made, what counts is still why it could not be written.
    await unlink(temporary).catch(() => undefined);
    throw stateError('written', file, error);
  }
}

/** Undefined when there is none, or one of another node. Rejects with ERR_ZTUNNEL_STATE_FILE when it cannot be trusted. */
export async function readState(file: string, node: string): Promise<SavedState | undefined> {
  let bytes: Buffer;
  try {
    const { uid, mode } = await stat(file);
    if (uid !== process.geteuid?.() || (mode & OTHERS) !== 0)
      throw new Error('it belongs to somebody else, or others may read it');
    bytes = await readFile(file);
    const content = bytes.subarray(DIGEST_BYTES);
    // What is damaged must not be believed in part: the controller would not send again what we claim to hold.
    if (!digestOf(content).equals(bytes.subarray(0, DIGEST_BYTES))) throw new Error('it is damaged');
    const document: unknown = deserialize(content);
    if (!isDocument(document)) throw new Error('it is not in the format of this version');
    return document.state.node === node ? document.state : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw stateError('read', file, error);
  }
}

function digestOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

function isDocument(value: unknown): value is { readonly format: string; readonly state: SavedState } {
  if (typeof value !== 'object' || value === null || !('format' in value) || !('state' in value))
    return false;
  return value.format === FORMAT && typeof value.state === 'object' && value.state !== null;
}

function stateError(verb: string, file: string, cause: unknown): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_STATE_FILE',
    blame: 'local',
    message: `the state file ${file} could not be ${verb}`,
    hint: 'it should lie on a tmpfs in a folder that belongs to this user alone; without it a restart needs the controller',
    cause,
  });
}
