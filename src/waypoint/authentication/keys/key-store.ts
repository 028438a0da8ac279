import { type Clock, type Closable, type Logger, silentLogger, systemClock } from '../../../base/index.ts';
import type { JwtRule } from '../../../model/index.ts';
import type { FetchDocument } from './fetch-keys.ts';
import { parseKeySet } from './key-set.ts';
import { inlineKeys, type KeySource } from './key-source.ts';
import { followRemoteKeys, type RemoteKeys, type RemoteKeysStatus } from './remote-keys.ts';

/** How documents are fetched. */
export interface KeyStoreOptions {
  readonly fetch: FetchDocument;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** What of a rule says where its keys are. */
export type KeyRule = Pick<JwtRule, 'issuer' | 'keys' | 'timeoutMs'>;

/** The keys of all issuers that a waypoint knows, each fetched once however many rules want them. */
export interface KeyStore extends Closable {
  /** Starts to follow the keys when nobody did. */
  sourceFor(rule: KeyRule): KeySource;
  /** These rules are all that there are: their keys are fetched ahead of the first token, and others are let go. */
  follow(rules: Iterable<KeyRule>): void;
  /** Of those that are fetched, for dumps. */
  status(): readonly RemoteKeysStatus[];
}

/** Fetches nothing before a rule wants it; closing ends what is being fetched. */
export function createKeyStore({
  fetch,
  clock = systemClock,
  log = silentLogger,
}: KeyStoreOptions): KeyStore {
  const remote = new Map<string, RemoteKeys>();

  function remoteFor({ issuer, keys, timeoutMs }: KeyRule): RemoteKeys {
    const slot = slotOf({ issuer, keys, timeoutMs });
    const known = remote.get(slot);
    if (known !== undefined) return known;
    const url = keys.kind === 'uri' ? keys.uri : undefined;
    const made = followRemoteKeys({ issuer, url, timeoutMs, fetch, clock, log });
    remote.set(slot, made);
    return made;
  }

  async function stop(): Promise<void> {
    const stopping = [...remote.values()].map((source) => source.stop());
    remote.clear();
    await Promise.all(stopping);
  }

  return {
    sourceFor(rule) {
      const { keys, issuer } = rule;
      return keys.kind === 'inline' ? inlineKeys(issuer, parseKeySet(keys.jwks)) : remoteFor(rule);
    },
    follow(rules) {
      const wanted = new Set<string>();
      for (const rule of rules) {
        if (rule.keys.kind === 'inline') continue;
        wanted.add(slotOf(rule));
        remoteFor(rule);
      }
      for (const [slot, source] of remote) {
        if (wanted.has(slot)) continue;
        void source.stop();
        remote.delete(slot);
      }
    },
    status: () => [...remote.values()].map((source) => source.status()),
    close: stop,
    destroy: () => void stop(),
  };
}

function slotOf({ issuer, keys, timeoutMs }: KeyRule): string {
  return JSON.stringify([keys.kind, keys.kind === 'uri' ? keys.uri : issuer, timeoutMs]);
}
