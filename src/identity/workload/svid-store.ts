import {
  type Clock,
  type Closable,
  createSignal,
  type Logger,
  type Signal,
  silentLogger,
  systemClock,
} from '../../base/index.ts';
import type { SpiffeId, TrustBundle, WorkloadIdentity } from '../../model/index.ts';
import { rootsOf } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { createPeerVerifier, type PeerVerifier, type RevocationPeriod } from '../tls/index.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { createFetchQueue, type FetchPriority } from './fetch-queue.ts';
import { createRevocationWatch } from './revocation-watch.ts';
import type { RotationTotals } from './rotation-history.ts';
import { bundleOfIssued, type Svid } from './svid.ts';
import { createSvidEntry, type EntryContext, type IssueFunction, type SvidEntry } from './svid-entry.ts';
import { formatState, parseState } from './svid-state.ts';

/** How certificates are had, and how patient everybody is. */
export interface SvidStoreOptions {
  readonly issue: IssueFunction;
  /** The life to ask for. Default 24 h. */
  readonly ttlMs?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly random?: () => number;
  /** Fetches under way at once. Default 8. */
  readonly concurrency?: number;
  /** How long `get` waits for a certificate. Default 10 s. */
  readonly patienceMs?: number;
  /** How long one attempt may take. Default 10 s. */
  readonly attemptTimeoutMs?: number;
  /** Over how long the renewals after a change of the signing root are spread. Default 10 s. */
  readonly renewalSpreadMs?: number;
}

/** The certificates of the workloads of one node, always fresh while somebody holds them. */
export interface SvidStore extends Closable {
  /**
   * The certificate, at once when there is one. Waits for one otherwise, the more urgently the sooner.
   * @throws IdentityError ERR_IDENTITY_SVID_UNAVAILABLE, _SVID_REFUSED, _CLOSED; the signal's reason.
   */
  get(identity: WorkloadIdentity, priority: FetchPriority, signal?: AbortSignal): Promise<Svid>;
  /** What is at hand and not expired. */
  peek(identity: WorkloadIdentity): Svid | undefined;
  /** Fetches the certificate and keeps it fresh until the release; it is forgotten after the last one. */
  retain(identity: WorkloadIdentity): () => void;
  /** A renewed certificate, or the same one with another trust bundle. */
  readonly svidChanges: Signal<Svid>;
  /**
   * What peers are checked against from now on. Certificates that do not lead to its first root are renewed; those that
   * its lists name are used no more, and replaced at once.
   * @throws IdentityError when it cannot be read; then nothing has changed.
   */
  setTrustBundle(bundle: TrustBundle): void;
  /** undefined until the first one came; until then the roots that came with each certificate count. */
  readonly trustBundle: TrustBundle | undefined;
  readonly trustChanges: Signal<TrustBundle>;
  /** When the bundle's revocation lists are good; undefined without any. */
  readonly revocationPeriod: RevocationPeriod | undefined;
  status(): readonly CertificateStatus[];
  /** Attempts to get a certificate, of all identities, since the store was made. */
  readonly rotations: Readonly<RotationTotals>;
  /** Text with private keys, for `writePrivateFile` on a tmpfs and nothing else. */
  exportState(): string;
  /**
   * Takes what another store exported, as far as it has not expired; returns how many certificates that were.
   * @throws IdentityError ERR_IDENTITY_STATE.
   */
  importState(text: string): number;
}

/** Asks for nothing until an identity is retained or wanted. Whoever makes it closes it. */
export function createSvidStore(options: SvidStoreOptions): SvidStore {
  const clock = options.clock ?? systemClock;
  const entries = new Map<SpiffeId, SvidEntry>();
  const queue = createFetchQueue(options.concurrency ?? 8);
  const svidChanges = createSignal<Svid>();
  const trustChanges = createSignal<TrustBundle>();
  const watch = createRevocationWatch(clock, options.log ?? silentLogger);
  let received: PeerVerifier | undefined;
  let issued: PeerVerifier | undefined;
  let closed = false;

  const shared: Omit<EntryContext, 'onUnused'> = {
    issue: options.issue,
    ttlMs: options.ttlMs ?? 86_400_000,
    clock,
    log: options.log ?? silentLogger,
    random: options.random ?? Math.random,
    queue,
    patienceMs: options.patienceMs ?? 10_000,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 10_000,
    renewalSpreadMs: options.renewalSpreadMs ?? 10_000,
    rotations: { issued: 0, failed: 0 },
    verifierFor(material) {
      if (received !== undefined) return received;
      const bundle = bundleOfIssued(material);
      if (issued?.bundle.version !== bundle.version) issued = createPeerVerifier(bundle);
      return issued;
    },
    knownRoots: () => (received === undefined ? [] : rootsOf(received.bundle)),
    onSvid: (svid) => svidChanges.emit(svid),
  };
  const entryOf = (identity: WorkloadIdentity): SvidEntry => {
    const known = entries.get(identity.id);
    if (known !== undefined) return known;
    const entry = createSvidEntry(identity, { ...shared, onUnused: () => forget(identity) });
    entries.set(identity.id, entry);
    return entry;
  };
  const forget = (identity: WorkloadIdentity): void => {
    const entry = entries.get(identity.id);
    entries.delete(identity.id);
    entry?.destroy(closedError(`expected ${identity.id} to be in use, got its last release`));
  };
  const destroy = (cause?: Error): void => {
    if (closed) return;
    closed = true;
    queue.clear();
    watch.stop();
    for (const entry of entries.values())
      entry.destroy(cause ?? closedError('expected an open certificate store, got a closed one'));
    entries.clear();
  };
  const setTrustBundle = (bundle: TrustBundle): void => {
    if (closed || received?.bundle.version === bundle.version) return;
    received = createPeerVerifier(bundle);
    watch.watch(received.revocationPeriod);
    trustChanges.emit(bundle);
    for (const entry of [...entries.values()]) entry.bundleChanged(bundle);
  };

  return {
    get(identity, priority, signal) {
      if (closed) return Promise.reject(closedError('expected an open certificate store, got a closed one'));
      return entryOf(identity).get(priority, signal);
    },
    peek: (identity) => entries.get(identity.id)?.current,
    retain(identity) {
      if (closed) throw closedError('expected an open certificate store, got a closed one');
      return entryOf(identity).hold();
    },
    svidChanges,
    setTrustBundle,
    get trustBundle() {
      return received?.bundle;
    },
    trustChanges,
    get revocationPeriod() {
      return received?.revocationPeriod;
    },
    rotations: shared.rotations,
    status: () => [...entries.values()].map((entry) => entry.status()),
    exportState() {
      const usable = [...entries.values()].filter((entry) => entry.current !== undefined);
      const materials = usable.flatMap((entry) => entry.material ?? []);
      return formatState({ bundle: received?.bundle, materials });
    },
    importState(text) {
      const saved = parseState(text, clock.now());
      if (saved.bundle !== undefined && received === undefined) setTrustBundle(saved.bundle);
      const fresh = saved.materials.filter((one) => entries.get(one.identity.id)?.current === undefined);
      for (const material of fresh) entryOf(material.identity).adopt(material);
      return fresh.length;
    },
    async close() {
      destroy();
    },
    destroy,
  };
}

function closedError(message: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_CLOSED', blame: 'local', message });
}
