import {
  type Clock,
  type Closable,
  createSignal,
  type Logger,
  type Signal,
  silentLogger,
  systemClock,
} from '../../base/index.ts';
import { checkTrustDomain, type TrustBundle, type WorkloadIdentity } from '../../model/index.ts';
import { type ExpiryWarning, normalSerial } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import {
  type AuthorityFolder,
  type AuthorityRecord,
  authorityError,
  openAuthorityFolder,
} from './authority-folder.ts';
import { bundleOf, createRevocationLists, type RevocationLists } from './bundle-content.ts';
import { issueServerCertificate, issueWorkloadCertificate } from './issuance.ts';
import {
  createRoot,
  intermediateIsDue,
  loadRoot,
  type RootSigners,
  renewIntermediate,
  type SignerLifetimes,
} from './root-signers.ts';
import { activateRoot, addRoot, removeRoot, rootStatuses } from './rotation.ts';

export interface AuthorityOptions {
  /** Created with mode 0700 on first start; refused when others may look in. */
  readonly directory: string;
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
  /** How long a revocation list is good for; it is renewed at half of that. Default 7 days. */
  readonly revocationListLifetimeMs?: number;
}

export interface IssueRequest {
  readonly csrPem: string;
  readonly identity: WorkloadIdentity;
  /** Default and limit: the authority's maximum. */
  readonly ttlMs?: number;
}

export interface IssuedCertificate {
  /** The leaf, intermediates (a rotation's cross-certificate last), and as last element all roots in one text. */
  readonly chainPem: readonly string[];
  readonly notAfterMs: number;
  readonly serial: string;
}

export interface ServerCertificateRequest {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** Default 24 h; not bound by the maximum of workloads. */
  readonly ttlMs?: number;
}

export interface ServerCertificate {
  /** Leaf and intermediates. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly notAfterMs: number;
}

/** A root as an operator sees it. */
export interface RootStatus {
  readonly name: string;
  readonly fingerprint: string;
  /** `added` roots are trusted and do not sign yet; `retired` ones do not sign any more. */
  readonly state: 'active' | 'added' | 'retired';
  readonly notAfterMs: number;
  readonly warning: ExpiryWarning | undefined;
  /** Of the signing intermediate, where there is one. */
  readonly intermediate:
    | { readonly notAfterMs: number; readonly warning: ExpiryWarning | undefined }
    | undefined;
  /** Until when certificates under a retired root may be in use. */
  readonly neededUntilMs: number | undefined;
}

/** The mesh's certificate authority. Its keys cannot be had from it. Closing stops the renewal of revocation lists. */
export interface Authority extends Closable {
  readonly trustDomain: string;
  /** @throws IdentityError ERR_IDENTITY_CSR, ERR_IDENTITY_TTL, ERR_IDENTITY_PEER_TRUST_DOMAIN. */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
  serverCertificate(request: ServerCertificateRequest): Promise<ServerCertificate>;
  bundle(): TrustBundle;
  readonly bundleChanges: Signal<TrustBundle>;
  roots(): readonly RootStatus[];
  /** Step 1 of a rotation: the new root is trusted. Wait until every proxy has the bundle. */
  addRoot(): Promise<RootStatus>;
  /** Step 2: new leaves come from it. It leads the bundle, which makes certificate stores renew theirs. */
  activateRoot(name: string): Promise<RootStatus>;
  /**
   * Step 3: a root that does not sign is trusted no more.
   * @throws IdentityError ERR_IDENTITY_ROOT_STEP while certificates under it may be in use, unless forced.
   */
  removeRoot(name: string, options?: { readonly force?: boolean }): Promise<void>;
  /** Revokes a leaf by serial number, hex. From the first time on, bundles carry revocation lists. */
  revoke(serial: string): Promise<void>;
}

/**
 * Opens the authority in a folder, or creates it there; of two that create at once, one wins and the other uses it.
 * @throws IdentityError ERR_IDENTITY_FILE, ERR_IDENTITY_AUTHORITY.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const settings = resolveSettings(options);
  const folder = await openAuthorityFolder(options.directory);
  const state = await loadOrCreate(folder, settings);
  const authority = createAuthority(folder, settings, state);
  await authority.start();
  return authority;
}

export interface AuthoritySettings {
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly log: Logger;
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

function createAuthority(
  folder: AuthorityFolder,
  settings: AuthoritySettings,
  initial: AuthorityState,
): Authority & { start(): Promise<void> } {
  const { clock, log } = settings;
  const changes = createSignal<TrustBundle>();
  let state = initial;
  const lists: RevocationLists = createRevocationLists(settings);
  let bundle = bundleOf(state, []);
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();

  /** Changes of state happen one after the other, and only once they are stored. */
  const change = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(() => {
      if (closed) throw closedError();
      return work();
    });
    queue = result.catch(() => undefined);
    return result;
  };
  const commit = async (next: AuthorityState): Promise<void> => {
    await folder.writeRecord(next.record);
    state = next;
    await refreshBundle();
  };
  const refreshBundle = async (): Promise<void> => {
    const crlsPem = await lists.current(state, (delayMs) => timerAfter(delayMs));
    const next = bundleOf(state, crlsPem);
    if (next.version === bundle.version) return;
    bundle = next;
    changes.emit(bundle);
  };
  const timerAfter = (delayMs: number) =>
    clock.after(delayMs, () => {
      change(refreshBundle).catch((error: unknown) => {
        if (!closed) log.error('revocation lists not renewed', { error });
      });
    });
  const ensureIntermediate = async (): Promise<void> => {
    const [active, ...others] = state.roots;
    if (!intermediateIsDue(active, clock.now())) return;
    const renewed = await renewIntermediate({ folder, ...settings, nowMs: clock.now() }, active);
    const roots = state.record.roots.map((one) => (one.name === renewed.record.name ? renewed.record : one));
    await commit({ record: { ...state.record, roots }, roots: [renewed, ...others] });
    log.info('intermediate renewed', { name: renewed.intermediates.at(-1)?.name });
  };
  const statusOf = (name: string): RootStatus => {
    const found = rootStatuses(state, clock.now()).find((root) => root.name === name);
    if (found === undefined)
      throw rootError(`expected a root of this authority, got ${JSON.stringify(name)}`);
    return found;
  };

  return {
    trustDomain: settings.trustDomain,
    async start() {
      await change(ensureIntermediate);
      await change(refreshBundle);
    },
    async issue(request) {
      if (closed) throw closedError();
      if (intermediateIsDue(state.roots[0], clock.now())) await change(ensureIntermediate);
      return issueWorkloadCertificate(state, settings, request);
    },
    async serverCertificate(request) {
      if (closed) throw closedError();
      return issueServerCertificate(state, settings, request);
    },
    bundle: () => bundle,
    bundleChanges: changes,
    roots: () => rootStatuses(state, clock.now()),
    addRoot: () =>
      change(async () => {
        const created = await createRoot({ folder, ...settings, nowMs: clock.now() }, state.roots[0].root);
        await commit(addRoot(state, created));
        log.info('root added', { name: created.root.name });
        return statusOf(created.root.name);
      }),
    activateRoot: (name) =>
      change(async () => {
        statusOf(name);
        // Nothing issued from now on can be under the old root, and nothing issued before lives longer than this.
        await commit(activateRoot(state, name, clock.now() + settings.maximumTtlMs));
        log.info('root activated', { name });
        return statusOf(name);
      }),
    removeRoot: (name, removal) =>
      change(async () => {
        checkRemovable(statusOf(name), clock.now(), removal?.force ?? false);
        const { next, removedSigners } = removeRoot(state, name);
        await commit(next);
        for (const signer of removedSigners) await folder.removeSigner(signer);
        log.info('root removed', { name });
      }),
    revoke: (serial) =>
      change(async () => {
        if (!/^[0-9A-F]+$/.test(normalSerial(serial))) throw serialError(serial);
        const nowMs = clock.now();
        const kept = state.record.revoked.filter((one) => one.untilMs > nowMs);
        const entry = {
          serial: normalSerial(serial),
          atMs: nowMs,
          untilMs: nowMs + settings.maximumTtlMs + DAY_MS,
        };
        lists.forget();
        await commit({ ...state, record: { ...state.record, revocation: true, revoked: [...kept, entry] } });
      }),
    async close() {
      closed = true;
      lists.stop();
      await queue;
      lists.stop();
    },
    destroy() {
      closed = true;
      lists.stop();
    },
  };
}

async function loadOrCreate(folder: AuthorityFolder, settings: AuthoritySettings): Promise<AuthorityState> {
  const stored = await folder.readRecord();
  if (stored !== undefined) return load(folder, settings, stored);
  const root = await createRoot({ folder, ...settings, nowMs: settings.clock.now() });
  const record: AuthorityRecord = {
    version: 1,
    trustDomain: settings.trustDomain,
    roots: [root.record],
    activeRoot: root.root.name,
    revoked: [],
    revocation: false,
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
  return load(folder, settings, winner);
}

async function load(
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

function resolveSettings(options: AuthorityOptions): AuthoritySettings {
  return {
    trustDomain: checkTrustDomain(options.trustDomain),
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLogger,
    lifetimes: {
      rootMs: options.rootLifetimeMs ?? 3650 * DAY_MS,
      intermediateMs: options.withIntermediate ? (options.intermediateLifetimeMs ?? 365 * DAY_MS) : undefined,
    },
    maximumTtlMs: options.maximumTtlMs ?? DAY_MS,
    revocationListLifetimeMs: options.revocationListLifetimeMs ?? 7 * DAY_MS,
  };
}

function checkRemovable(root: RootStatus, nowMs: number, force: boolean): void {
  if (root.state === 'active')
    throw rootError(
      `expected a root that does not sign, got the active one ${root.name}`,
      'activate another first',
    );
  if (force || root.neededUntilMs === undefined || root.neededUntilMs <= nowMs) return;
  throw rootError(
    `expected no certificate under ${root.name} to be in use, got some possible until ${new Date(root.neededUntilMs).toISOString()}`,
    'wait until then, or force it once every proxy has renewed its certificates',
  );
}

export function rootError(message: string, hint?: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_ROOT_STEP', blame: 'local', message, hint });
}

function serialError(serial: string): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_SERIAL',
    blame: 'local',
    message: `expected a serial number in hex, got ${JSON.stringify(serial)}`,
  });
}

function closedError(): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_CLOSED',
    blame: 'local',
    message: 'the authority is closed',
  });
}

const DAY_MS = 86_400_000;
