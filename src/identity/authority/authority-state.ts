import { type Clock, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import { checkTrustDomain } from '../../model/index.ts';
import { type AuthorityFolder, type AuthorityRecord, authorityError } from './authority-folder.ts';
import type { AuthorityFiles } from './authority-files.ts';
import { type AuthorityMaterial, materialFingerprint, readPluggedAuthority } from './plugged-authority.ts';
import { createRoot, importRoot, loadRoot, type RootSigners, type SignerLifetimes } from './root-signers.ts';

/** What to open, and for how long certificates live. */
export interface AuthorityOptions {
  /** A folder, created with mode 0700 on first start; refused when others may look in. */
  readonly directory?: string | undefined;
  /** Where it is kept instead of a folder. */
  readonly files?: AuthorityFiles | undefined;
  /**
   * What it begins with when there is nothing yet; asked for only then, and nothing is opened when it cannot be had.
   * Default: a root of its own making.
   */
  readonly begin?: AuthorityMaterial | (() => Promise<AuthorityMaterial>) | undefined;
  readonly trustDomain: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Sign leaves by an intermediate that renews itself; the root's key is then used rarely. Default false. */
  readonly withIntermediate?: boolean;
  /** The longest life of a workload's certificate; longer wishes are shortened. Default 24 h. */
  readonly maximumTtlMs?: number;
  /** Default ten years. */
  readonly rootLifetimeMs?: number;
  /** Default one year. */
  readonly intermediateLifetimeMs?: number;
  /**
   * How long a revocation list is good for; it is renewed at half of that. Default 7 days, or four times the longest life
   * of a certificate if that is more: where no renewal arrives, certificates expire before the lists do.
   */
  readonly revocationListLifetimeMs?: number;
}

/** The options with every default filled in. */
export interface AuthoritySettings {
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly begin: AuthorityOptions['begin'];
  readonly lifetimes: SignerLifetimes;
  readonly maximumTtlMs: number;
  readonly revocationListLifetimeMs: number;
}

/** All that changes; replaced as a whole once it is stored. */
export interface AuthorityState {
  readonly record: AuthorityRecord;
  /** As in the record, the active one first. */
  readonly roots: readonly [RootSigners, ...RootSigners[]];
}

/** Loads what the folder holds; where it holds nothing, creates an authority unless somebody else is faster. */
export async function loadOrCreate(
  folder: AuthorityFolder,
  settings: AuthoritySettings,
): Promise<AuthorityState> {
  const stored = await folder.readRecord();
  if (stored !== undefined) return loadAuthority(folder, settings, stored);
  const begin = typeof settings.begin === 'function' ? await settings.begin() : settings.begin;
  const nowMs = settings.clock.now();
  const factory = { folder, ...settings, nowMs };
  const root =
    begin === undefined
      ? await createRoot(factory)
      : await importRoot(factory, await readPluggedAuthority(begin, nowMs));
  const record: AuthorityRecord = {
    version: 1,
    trustDomain: settings.trustDomain,
    roots: [root.record],
    activeRoot: root.root.name,
    revoked: [],
    revocation: false,
    ...(begin === undefined ? {} : { pluggedLast: materialFingerprint(begin) }),
  };
  if (await folder.writeRecord(record, { exclusive: true })) {
    settings.log.info('authority created', {
      root: root.root.name,
      fingerprint: root.root.certificate.fingerprint,
    });
    return { record, roots: [root] };
  }
  for (const name of [root.root.name, ...root.record.intermediates]) await folder.removeSigner(name);
  const winner = await folder.readRecord();
  if (winner === undefined) throw authorityError('expected the record of an authority, got none any more');
  return loadAuthority(folder, settings, winner);
}

/** What a record says, with its signers. */
export async function loadAuthority(
  folder: AuthorityFolder,
  settings: AuthoritySettings,
  record: AuthorityRecord,
): Promise<AuthorityState> {
  if (record.trustDomain !== settings.trustDomain) {
    throw authorityError(
      `expected an authority of trust domain ${settings.trustDomain}, got one of ${record.trustDomain}`,
    );
  }
  const loaded: RootSigners[] = [];
  for (const root of record.roots) loaded.push(await loadRoot(folder, root));
  const active = loaded.find((root) => root.root.name === record.activeRoot);
  if (active === undefined) throw authorityError(`expected the active root ${record.activeRoot}, got none`);
  return { record, roots: [active, ...loaded.filter((root) => root !== active)] };
}

/** @throws ModelError when the trust domain is none. */
export function resolveSettings(options: AuthorityOptions): AuthoritySettings {
  const maximumTtlMs = options.maximumTtlMs ?? DAY_MS;
  return {
    trustDomain: checkTrustDomain(options.trustDomain),
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLogger,
    begin: options.begin,
    lifetimes: {
      rootMs: options.rootLifetimeMs ?? 3650 * DAY_MS,
      intermediateMs: options.withIntermediate ? (options.intermediateLifetimeMs ?? 365 * DAY_MS) : undefined,
    },
    maximumTtlMs,
    revocationListLifetimeMs: options.revocationListLifetimeMs ?? Math.max(7 * DAY_MS, 4 * maximumTtlMs),
  };
}

const DAY_MS = 86_400_000;
