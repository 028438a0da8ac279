import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { isVisible } from '../../src/xds/server/snapshot/scoped-resource.ts';
import { createSnapshotCache } from '../../src/xds/server/snapshot/snapshot-cache.ts';
import { createSubscription, type Subscription } from '../../src/xds/server/subscription.ts';
import type { DeltaRequest, DeltaResponse, HeldResource } from '../../src/xds/index.ts';
import { resource } from './support/server-dialogue.ts';

const TYPE = 'type/A';
const AUDIENCE = 'node-1';
const NAMES = ['a', 'b', 'c', 'd'];

const name = fc.constantFrom(...NAMES);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('upsert' as const),
    name,
    version: fc.nat(3),
    audience: fc.constantFrom(undefined, AUDIENCE, 'node-2'),
    alias: fc.constantFrom(undefined, 'alias-1', 'alias-2'),
  }),
  fc.record({ kind: fc.constant('remove' as const), name }),
  fc.record({ kind: fc.constant('send' as const), maxBytes: fc.constantFrom(1, 2, 1000) }),
  fc.record({ kind: fc.constant('answer' as const) }),
  fc.record({ kind: fc.constant('reconnect' as const) }),
  fc.record({ kind: fc.constant('narrow' as const) }),
  fc.record({
    kind: fc.constant('claim' as const),
    // What is right, stale, gone, another node's, or said twice: whatever the history before makes of it.
    held: fc.array(
      fc.tuple(fc.constantFrom(...NAMES, 'x', 'y', ''), fc.constantFrom('0', '1', '2', '3', '')),
      {
        maxLength: 8,
      },
    ),
  }),
  fc.record({
    kind: fc.constant('subscribe' as const),
    name: fc.constantFrom(...NAMES, 'alias-1', 'alias-2'),
  }),
  fc.record({
    kind: fc.constant('unsubscribe' as const),
    name: fc.constantFrom(...NAMES, 'alias-1', 'alias-2'),
  }),
);

/** Asks for everything, by name, or for everything and names until it gives the first up. */
type Mode = 'wildcard' | 'naming' | 'narrowing';

/** A client that keeps what it is told, as one that knows nothing of the server's insides. */
function createClient(cache: ReturnType<typeof createSnapshotCache>, mode: Mode) {
  let wildcard = mode !== 'naming';
  const held = new Map<string, string>();
  const names = new Set<string>();
  /** What it asked for by name and has not heard of yet. */
  const asked = new Set<string>();
  /** Of what it holds, as it was told; nothing of what it only claims to hold. */
  const aliases = new Map<string, readonly string[]>();
  const wants = (key: string): boolean =>
    wildcard || [key, ...(aliases.get(key) ?? [])].some((name) => names.has(name));
  let pending: DeltaResponse | undefined;
  let nonce = 0;
  let subscription: Subscription;
  // Of a client that asks for no more than it may; what it gives back must be what it took.
  const taken = { names: 0, characters: 0 };
  const say = (request: Partial<DeltaRequest>) =>
    subscription.handle({
      typeUrl: TYPE,
      subscribe: [],
      unsubscribe: [],
      initialVersions: [],
      responseNonce: '',
      rejection: undefined,
      ...request,
    });
  const connect = (initialVersions: readonly HeldResource[] = [...held]): void => {
    Object.assign(taken, { names: 0, characters: 0 });
    asked.clear();
    subscription = createSubscription(cache, AUDIENCE, {
      take(name) {
        taken.names += 1;
        taken.characters += name.length;
      },
      give(names, characters) {
        taken.names -= names;
        taken.characters -= characters;
      },
    });
    pending = undefined;
    if (wildcard) say({ subscribe: ['*', ...names], initialVersions });
    else {
      // A held resource counts as subscribed by its name, as for a stock ztunnel.
      for (const key of held.keys()) names.add(key);
      say({ subscribe: ['*', ...names], unsubscribe: ['*'], initialVersions });
    }
  };
  cache.changes.subscribe((changes) => subscription.note(changes));
  connect();
  return {
    held,
    names,
    connect,
    /** Comes back with whatever it says it holds. */
    claim(entries: readonly HeldResource[]) {
      held.clear();
      aliases.clear();
      for (const [key, version] of entries) held.set(key, version);
      connect(entries);
    },
    asked,
    isWildcard: () => wildcard,
    /** Not while a response is under way: what is in that is known by no name of its own to the server. */
    narrow() {
      if (mode !== 'narrowing' || !wildcard || pending !== undefined) return;
      wildcard = false;
      for (const key of held.keys()) if (!wants(key)) held.delete(key);
      say({ unsubscribe: ['*'] });
    },
    subscribe(name: string) {
      if (mode === 'wildcard') return;
      names.add(name);
      asked.add(name);
      say({ subscribe: [name] });
    },
    /** What it does not name any more it lets go. */
    unsubscribe(name: string) {
      if (mode === 'wildcard') return;
      names.delete(name);
      asked.delete(name);
      for (const key of held.keys()) if (!wants(key)) held.delete(key);
      say({ unsubscribe: [name] });
    },
    taken,
    /** What it has subscribed to, by the server's count. */
    subscribed: () => subscription.names,
    say,
    send(maxBytes: number) {
      if (pending !== undefined || !subscription.ready) return false;
      nonce += 1;
      pending = subscription.take(String(nonce), maxBytes);
      return true;
    },
    answer() {
      if (pending === undefined) return;
      for (const { resources } of [...(pending.blocks ?? []), pending])
        for (const { name, version, aliases: known } of resources) {
          aliases.set(name, known);
          for (const key of [name, ...known]) asked.delete(key);
          if (wants(name)) held.set(name, version);
        }
      for (const gone of pending.removed) {
        held.delete(gone);
        asked.delete(gone);
      }
      const responseNonce = pending.nonce;
      pending = undefined;
      say({ responseNonce });
    },
    caughtUp: () => subscription.caughtUp(cache.sequence),
  };
}

for (const mode of ['wildcard', 'naming', 'narrowing'] as const) {
  test(`whatever happens, a ${mode} client ends with what it may see`, (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = createSnapshotCache(TYPE);
        const client = createClient(cache, mode);
        for (const item of steps) {
          switch (item.kind) {
            case 'upsert': {
              const aliases = item.alias === undefined ? [] : [item.alias];
              const audiences = item.audience === undefined ? undefined : new Set([item.audience]);
              cache.apply({
                upserts: [{ ...resource(item.name, `${item.version}`, ...aliases), audiences }],
              });
              break;
            }
            case 'remove':
              cache.apply({ removed: [item.name] });
              break;
            case 'send':
              client.send(item.maxBytes);
              break;
            case 'answer':
              client.answer();
              break;
            case 'narrow':
              client.narrow();
              break;
            case 'reconnect':
              client.connect();
              break;
            case 'claim':
              client.claim(item.held);
              break;
            case 'subscribe':
              client.subscribe(item.name);
              break;
            case 'unsubscribe':
              client.unsubscribe(item.name);
              break;
          }
        }
        client.answer();
        for (let rounds = 0; client.send(1000); rounds++) {
          if (rounds > 10) throw new Error('the server does not come to rest');
          client.answer();
        }
        const expected = new Map<string, string>();
        for (const entry of cache.resources()) {
          const named = [entry.name, ...entry.aliases].some((key) => client.names.has(key));
          if (isVisible(entry, AUDIENCE) && (client.isWildcard() || named))
            expected.set(entry.name, entry.version);
        }
        deepEqual([...client.held].sort(), [...expected].sort());
        deepEqual([...client.asked], [], 'whoever asks is answered');
        if (!client.caughtUp()) throw new Error('at rest, yet not caught up');
        const subscribed = [...client.subscribed()];
        const characters = subscribed.reduce((sum, key) => sum + key.length, 0);
        deepEqual(client.taken, { names: subscribed.length, characters }, 'at rest only names count');
      }),
      { numRuns: 2000 },
    );
    t.pass('2,000 histories');
    t.end();
  });
}
