import { visitHeld } from '../held-resources.ts';
import {
  type DeltaRequest,
  type DeltaResponse,
  type HeldResources,
  WILDCARD,
  type XdsResource,
} from '../messages.ts';
import type { NameBudget } from './name-budget.ts';
import { createPendingNews } from './pending-news.ts';
import { sizeOfResources } from './snapshot/resource-blocks.ts';
import { isVisible, type ResourceUpsert } from './snapshot/scoped-resource.ts';
import type { ResourceChange, SnapshotSource } from './snapshot/snapshot-cache.ts';

/** What a request did to a subscription. */
export type RequestOutcome =
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'acknowledged'; readonly nonce: string }
  | {
      readonly kind: 'rejected';
      readonly nonce: string;
      readonly message: string;
      /** What happened from this sequence on may be part of what was refused. */
      readonly since: number;
    };

/**
 * One stream's view of one type: what it asked for, what it still has to be told, and which response it has not
 * answered. Pure state: no sockets, no timers. At most one response is under way; whatever changes meanwhile is
 * remembered by name alone, so a slow client costs a name per changed resource and never a queue.
 *
 * A wildcard subscriber holds everything that is not news, so nothing is kept per resource for it.
 */
export interface Subscription {
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
  /** Under way: the nonce that the client has yet to answer. */
  readonly awaiting: string | undefined;
  /** True when there is something to say, whatever has to be waited for. */
  readonly hasMore: boolean;
  /** True when there is something to say and no answer to wait for. */
  readonly ready: boolean;
  handle(request: DeltaRequest): RequestOutcome;
  /** Notes the changes that concern this stream. */
  note(changes: readonly ResourceChange[]): void;
  /** Takes what is to be said, up to `maxBytes`; the rest follows after the answer. Only while `ready`. */
  take(nonce: string, maxBytes: number): DeltaResponse;
  /** True when the client has answered every response that could carry what happened up to `sequence`. */
  caughtUp(sequence: number): boolean;
}

type Told = Pick<DeltaResponse, 'blocks' | 'resources' | 'removed'>;

/** What `handle` throws is XdsError ERR_XDS_TOO_MANY_NAMES, or what reading `initialVersions` throws. */
export function createSubscription(
  source: SnapshotSource,
  audience: string | undefined,
  budget: NameBudget,
): Subscription {
  const names = new Set<string>();
  /** Resources that the client holds; kept only without a wildcard. */
  const held = new Set<string>();
  const news = createPendingNews(budget);
  let wildcard = false;
  /** A wildcard subscriber that holds nothing yet: it will get everything as it is by then, whatever changes until then. */
  let empty = false;
  let started = false;
  let greeted = false;
  let inFlight: { readonly nonce: string; readonly oldest: number } | undefined;

  const markHeld = (name: string, known: boolean, sequence: number): void =>
    news.mark(name, known || held.has(name), sequence);

  const addName = (name: string): void => {
    if (names.has(name)) return;
    budget.take(name);
    names.add(name);
  };
  const deleteName = (name: string): void => {
    if (!names.delete(name)) return;
    budget.give(1, name.length);
    // What does not exist is news by the name that the client gave it.
    if (news.has(name) && source.entry(name) === undefined) news.charge(name);
  };

  const subscribeEverything = (versions: HeldResources): void => {
    wildcard = true;
    const comparison = source.compare(audience);
    const heldNow = visitHeld(versions, (fingerprint, read) => {
      if (comparison.tick(fingerprint)) return;
      const [name, version] = read();
      const entry = source.entry(name);
      if (entry === undefined) news.markMissing(name);
      else if (!isVisible(entry, audience) || entry.version !== version) news.mark(entry.name, true, 0);
    });
    if (heldNow === 0 && held.size === 0) {
      empty = true;
      news.clear();
      news.hurry();
      return;
    }
    for (const { name } of comparison.unticked()) news.mark(name, held.has(name), 0);
    for (const resource of source.everything(audience).own)
      if (!comparison.isTicked(resource)) news.mark(resource.name, held.has(resource.name), 0);
    held.clear();
  };

  // A name that is asked for again is sent again: the client lost it. One that does not exist is answered as removed.
  const subscribeName = (key: string): void => {
    addName(key);
    const found = source.named(key).filter((entry) => isVisible(entry, audience));
    for (const entry of found) news.ask(entry.name);
    // What is found by another name may lose it, or go, before it is sent.
    if (!found.some(({ name }) => name === key)) news.ask(key);
  };

  const resumeName = (name: string, version: string): void => {
    addName(name);
    held.add(name);
    const entry = source.entry(name);
    if (!isVisible(entry, audience) || entry?.version !== version) news.mark(name, true, 0);
  };

  // The client holds only what it names from now on, which it had before or is still to be told.
  const giveUpEverything = (): void => {
    const heldNothing = empty;
    wildcard = false;
    empty = false;
    for (const [name, known] of [...news]) {
      const entry = source.entry(name);
      if (!known && (entry === undefined || !isNamed(entry))) news.forget(name);
    }
    for (const key of names)
      for (const entry of source.named(key)) {
        if (!isVisible(entry, audience)) continue;
        if (heldNothing) news.ask(entry.name);
        else if (news.knows(entry.name) !== false) held.add(entry.name);
      }
  };

  const unsubscribe = (key: string): void => {
    if (key === WILDCARD) {
      if (!wildcard) return;
      giveUpEverything();
      return;
    }
    deleteName(key);
    if (wildcard) return;
    // A removal that is due is still told: the client may hold the resource by another name.
    if (source.entry(key) === undefined && !held.has(key)) news.forget(key);
    for (const entry of source.named(key)) {
      if (isNamed(entry)) continue;
      // As above: a change of what it holds is told, as a removal; and so is one of what may be on its way to the client, which
      // may have asked for it by another name before it comes.
      if (held.has(entry.name) && (news.has(entry.name) || inFlight !== undefined)) continue;
      held.delete(entry.name);
      news.forget(entry.name);
    }
  };

  /** Whether a resource that is there has `key` for another name: to say that there is no such resource would be wrong. */
  const isOtherName = (key: string): boolean =>
    source.entry(key) === undefined && source.named(key).some((entry) => isVisible(entry, audience));

  const isNamed = (entry: ResourceUpsert): boolean =>
    names.has(entry.name) || entry.aliases.some((alias) => names.has(alias));

  const concerns = (change: ResourceChange): boolean =>
    wildcard ||
    held.has(change.name) ||
    (change.before !== undefined && isNamed(change.before)) ||
    (change.after !== undefined && isNamed(change.after));

  /** Undefined when that is too much for one response: then each resource is news of its own. */
  const takeEverything = (maxBytes: number): Told | undefined => {
    empty = false;
    const { blocks, own } = source.everything(audience);
    const bytes = blocks.reduce((sum, block) => sum + block.bytes, sizeOfResources(own));
    if (bytes <= maxBytes) {
      // What was asked for by name besides and does not exist is still to be told.
      const removed = Array.from(news, ([name]) => name).filter(
        (name) => !isVisible(source.entry(name), audience) && !isOtherName(name),
      );
      news.clear();
      return { blocks, resources: own, removed };
    }
    for (const { resources } of blocks) for (const { name } of resources) news.mark(name, false, 0);
    for (const { name } of own) news.mark(name, false, 0);
    return undefined;
  };

  const respond = (nonce: string, oldest: number, told: Told): DeltaResponse => {
    inFlight = { nonce, oldest };
    news.settle();
    greeted = true;
    return { typeUrl: source.typeUrl, nonce, systemVersion: String(source.sequence), ...told };
  };

  const applySubscriptions = (request: DeltaRequest): void => {
    const first = !started;
    started = true;
    const unsubscribesAll = request.unsubscribe.includes(WILDCARD);
    const asksAll = request.subscribe.includes(WILDCARD) || (first && request.subscribe.length === 0);
    // Subscribing and unsubscribing `*` in one message is how a client says it will ask by name (wire.md §2.5).
    if (asksAll && !unsubscribesAll && !wildcard) {
      subscribeEverything(first ? request.initialVersions : []);
    } else if (first) {
      for (const [name, version] of request.initialVersions) resumeName(name, version);
    }
    for (const name of request.subscribe) if (name !== WILDCARD) subscribeName(name);
    for (const name of request.unsubscribe) unsubscribe(name);
  };

  return {
    names,
    get wildcard() {
      return wildcard;
    },
    get awaiting() {
      return inFlight?.nonce;
    },
    get hasMore() {
      return empty || news.size > 0;
    },
    get ready() {
      return started && inFlight === undefined && (!greeted || empty || news.size > 0);
    },
    handle(request) {
      applySubscriptions(request);
      const { responseNonce: nonce } = request;
      // An answer to an older response changes nothing: the newer one is still to be answered.
      if (nonce === '' || inFlight?.nonce !== nonce) return { kind: 'subscribed' };
      const { oldest } = inFlight;
      inFlight = undefined;
      if (request.rejection === undefined) return { kind: 'acknowledged', nonce };
      return { kind: 'rejected', nonce, message: request.rejection, since: oldest };
    },
    note(changes) {
      if (!started || empty) return;
      for (const change of changes) {
        if (!concerns(change)) continue;
        const before = isVisible(change.before, audience);
        const after = isVisible(change.after, audience);
        if (!before && !after) continue;
        if (!after && news.knows(change.name) === false) {
          // Gone before the client ever heard of it.
          news.forget(change.name);
          continue;
        }
        markHeld(change.name, wildcard && before, source.sequence);
      }
    },
    take(nonce, maxBytes) {
      const { oldest } = news;
      const everything = empty ? takeEverything(maxBytes) : undefined;
      if (everything !== undefined) return respond(nonce, oldest, everything);
      const resources: XdsResource[] = [];
      const removed: string[] = [];
      const otherNames: string[] = [];
      let bytes = 0;
      for (const [name, known] of news) {
        const entry = source.entry(name);
        if (entry !== undefined && isVisible(entry, audience) && (wildcard || isNamed(entry))) {
          if (bytes > 0 && bytes + entry.bytes.length > maxBytes) break;
          bytes += entry.bytes.length + name.length;
          resources.push(entry);
          if (!wildcard) held.add(name);
        } else if (known && isOtherName(name)) {
          otherNames.push(name);
          continue;
        } else if (known) {
          bytes += name.length;
          removed.push(name);
          held.delete(name);
        }
        news.forget(name);
      }
      // Answered once the resource is told, which may go before that.
      for (const name of otherNames)
        if (!source.named(name).some((entry) => news.has(entry.name))) news.forget(name);
      return respond(nonce, oldest, { resources, removed });
    },
    caughtUp(sequence) {
      if (!greeted) return false;
      return news.oldest > sequence && (inFlight === undefined || inFlight.oldest > sequence);
    },
  };
}
