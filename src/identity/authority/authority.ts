import { type Closable, createSignal, type Signal } from '../../base/index.ts';
import type { TrustBundle } from '../../model/index.ts';
import { IdentityError } from '../errors.ts';
import { type AuthorityFolder, openAuthorityFolder } from './authority-folder.ts';
import {
  type AuthorityOptions,
  type AuthoritySettings,
  type AuthorityState,
  loadOrCreate,
  resolveSettings,
} from './authority-state.ts';
import { bundleOf, createRevocationLists, type RevocationLists } from './bundle-content.ts';
import {
  type IssuedCertificate,
  type IssueRequest,
  issueServerCertificate,
  issueWorkloadCertificate,
  type ServerCertificate,
  type ServerCertificateRequest,
} from './issuance.ts';
import { createRoot, intermediateIsDue, renewIntermediate } from './root-signers.ts';
import { checkSerial, type RevokedSerial } from './revoked-serial.ts';
import {
  activateRoot,
  addRoot,
  checkRemovable,
  type RootStatus,
  removeRoot,
  rootError,
  rootStatuses,
} from './rotation.ts';

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
  /**
   * Revokes a leaf by serial number, hex; again: nothing new. From the first time on, bundles carry revocation lists.
   * @throws IdentityError ERR_IDENTITY_SERIAL when it is none, or that of a certificate of this authority itself.
   */
  revoke(serial: string): Promise<RevokedSerial>;
  /** What the lists name, in the order it was revoked. */
  revoked(): readonly RevokedSerial[];
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
    // The caller hears of a failure; the change behind it must happen all the same.
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
    const dropped = active.record.intermediates.filter(
      (name) => !renewed.record.intermediates.includes(name),
    );
    for (const name of dropped) await folder.removeSigner(name);
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
      for (const root of rootStatuses(state, clock.now())) {
        if (root.warning !== undefined) log.warn('root expires', { ...root });
      }
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
        const normal = checkSerial(serial, state.roots);
        const nowMs = clock.now();
        const kept = state.record.revoked.filter((one) => one.untilMs > nowMs);
        const known = kept.find((one) => one.serial === normal);
        if (known !== undefined) return known;
        const untilMs = nowMs + settings.maximumTtlMs + DAY_MS;
        const entry: RevokedSerial = { serial: normal, atMs: nowMs, untilMs };
        lists.forget();
        await commit({ ...state, record: { ...state.record, revocation: true, revoked: [...kept, entry] } });
        log.warn('certificate revoked', { serial: normal });
        return entry;
      }),
    revoked: () => state.record.revoked,
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

function closedError(): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_CLOSED',
    blame: 'local',
    message: 'the authority is closed',
  });
}

const DAY_MS = 86_400_000;
