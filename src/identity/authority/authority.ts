import { isDeepStrictEqual } from 'node:util';
import { type Closable, createSignal, type Signal } from '../../base/index.ts';
import type { TrustBundle } from '../../model/index.ts';
import { openFolderFiles } from './authority-files.ts';
import { type AuthorityFolder, authorityError, createAuthorityFolder } from './authority-folder.ts';
import {
  type AuthorityOptions,
  type AuthoritySettings,
  type AuthorityState,
  loadAuthority,
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
import { type AuthorityMaterial, materialFingerprint, readPluggedAuthority } from './plugged-authority.ts';
import { createRoot, importRoot, intermediateIsDue, renewIntermediate } from './root-signers.ts';
import { closedError, createStateChanges, Overtaken } from './state-changes.ts';
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
  /**
   * Step 1 with an authority that was handed in; the status of its root, or undefined when it is the one that was handed
   * in last: then there is nothing to do.
   * @throws IdentityError ERR_IDENTITY_PLUGGED when nobody would accept what it signs.
   */
  plugIn(material: AuthorityMaterial): Promise<RootStatus | undefined>;
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
  const files = options.files ?? (await openFolderFiles(options.directory ?? ''));
  const folder = createAuthorityFolder(files);
  const state = await loadOrCreate(folder, settings);
  const authority = createAuthority(folder, settings, state);
  await authority.start(files.changes);
  return authority;
}

function createAuthority(
  folder: AuthorityFolder,
  settings: AuthoritySettings,
  initial: AuthorityState,
): Authority & { start(elsewhere: Signal<void> | undefined): Promise<void> } {
  const { clock, log } = settings;
  const changes = createSignal<TrustBundle>();
  let state = initial;
  const lists: RevocationLists = createRevocationLists(settings);
  let bundle = bundleOf(state, []);
  let closed = false;
  let unsubscribe = (): void => undefined;
  /** Somebody else has written: what they made of it holds here too. */
  const reload = async (): Promise<void> => {
    const record = await folder.readRecord();
    if (record === undefined) throw authorityError('expected the record of an authority, got none any more');
    if (isDeepStrictEqual(record, state.record)) return;
    state = await loadAuthority(folder, settings, record);
    lists.forget();
    await refreshBundle();
    log.info('authority read again', { active: record.activeRoot, roots: record.roots.length });
  };
  const queue = createStateChanges({ reload, isClosed: () => closed });
  const change = queue.run;
  const commit = async (next: AuthorityState): Promise<void> => {
    if (!(await folder.writeRecord(next.record))) throw new Overtaken();
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
    async start(elsewhere) {
      unsubscribe =
        elsewhere?.subscribe(() => {
          change(reload).catch((error: unknown) => {
            // What is in use stays in use.
            if (!closed) log.error('authority not read again', { error });
          });
        }) ?? unsubscribe;
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
    plugIn: (material) =>
      change(async () => {
        const pluggedLast = materialFingerprint(material);
        if (state.record.pluggedLast === pluggedLast) return undefined;
        const nowMs = clock.now();
        const plugged = await readPluggedAuthority(material, nowMs);
        const created = await importRoot({ folder, ...settings, nowMs }, plugged, state.roots[0].root);
        const added = addRoot(state, created);
        await commit({ ...added, record: { ...added.record, pluggedLast } });
        log.info('authority handed in', { name: created.root.name, fingerprint: plugged.fingerprint });
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
      unsubscribe();
      lists.stop();
      await queue.idle();
      lists.stop();
    },
    destroy() {
      closed = true;
      unsubscribe();
      lists.stop();
    },
  };
}

const DAY_MS = 86_400_000;
