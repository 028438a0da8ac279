import type { ServerResponse } from 'node:http';
import { type ApiObject, type ApiStatus, gone } from './api-object.ts';
import { type Fault, matches, type RequestMatch } from './misbehaviour.ts';
import type { Change, ObjectStore } from './store/object-store.ts';
import type { RequestInfo } from './request-info.ts';
import { type Matcher, selectorOf } from './store/selectors.ts';

/** Everybody who watches. */
export interface WatchHub {
  open(info: RequestInfo, response: ServerResponse, how: WatchManner): void;
  readonly size: number;
  /** Nothing more is ever said on them, and they stay open. */
  freeze(match?: RequestMatch): void;
  /** Cut: `end` in good order, otherwise not. */
  drop(match?: RequestMatch, end?: 'end'): void;
  /** An ERROR event, then the end. */
  fail(status: ApiStatus, match?: RequestMatch): void;
  /** To those that want some. */
  bookmark(match?: RequestMatch): void;
  /** Changes are held back from now on, until `release` tells them all at once. */
  hold(match?: RequestMatch): void;
  release(): void;
  close(): void;
}

export interface WatchManner {
  /** How an object is shown in the version that was asked for. */
  readonly show: (object: ApiObject) => ApiObject;
  readonly faults: readonly Fault[];
  /** Its life is multiplied with this. */
  readonly timeScale: number;
}

interface Watcher extends WatchManner {
  readonly info: RequestInfo;
  readonly response: ServerResponse;
  readonly selects: Matcher;
  readonly wantsBookmarks: boolean;
  readonly after: number;
  readonly held: string[];
  isFrozen: boolean;
  isHeld: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function createWatchHub(store: ObjectStore): WatchHub {
  const watchers = new Set<Watcher>();
  const unsubscribe = store.subscribe((change) => {
    for (const watcher of watchers) tell(watcher, change);
  });

  function tell(watcher: Watcher, change: Change): void {
    if (change.resource !== watcher.info.resource || change.version <= watcher.after) return;
    const type = typeFor(watcher, change);
    if (type === undefined) return;
    const line = lineOf(type, watcher.show(change.object));
    const has = (fault: Fault['type']): boolean => watcher.faults.some(({ type }) => type === fault);
    watcher.held.push(...(has('repeat') ? [line, line] : [line]));
    if (watcher.isHeld) return;
    if (!has('shuffle')) flush(watcher);
    // A moment is waited for others that can be put before this one.
    else if (watcher.held.length === 1) setImmediate(() => flush(watcher, true));
  }

  function flush(watcher: Watcher, isReversed = false): void {
    const lines = watcher.held.splice(0);
    if (isReversed) lines.reverse();
    if (lines.length > 0 && !watcher.isFrozen) watcher.response.write(lines.join(''));
  }

  const matching = (match: RequestMatch = {}): readonly Watcher[] =>
    [...watchers].filter(({ info }) => matches({ ...match, verb: 'watch' }, info));

  function end(watcher: Watcher, how: 'end' | 'cut'): void {
    watchers.delete(watcher);
    clearTimeout(watcher.timer);
    if (how === 'end') watcher.response.end();
    else watcher.response.destroy();
  }

  return {
    get size() {
      return watchers.size;
    },
    open(info, response, how) {
      // Whoever asked may have given up while it was slow.
      if (response.destroyed) return;
      const asked = Number(info.query.get('resourceVersion') ?? '');
      const isBlank = (info.query.get('resourceVersion') ?? '') === '' || asked === 0;
      const watcher: Watcher = {
        ...how,
        info,
        response,
        selects: selectorOf(info.query),
        wantsBookmarks: info.query.get('allowWatchBookmarks') === 'true',
        // A version that is not there yet is waited for in silence, as the real one does after a restore.
        after: isBlank ? 0 : asked,
        held: [],
        isFrozen: how.faults.some(({ type }) => type === 'hang'),
        isHeld: false,
        timer: undefined,
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      if (!isBlank && asked < store.oldest(info.resource)) {
        response.end(lineOf('ERROR', gone().toJSON()));
        return;
      }
      watchers.add(watcher);
      response.on('close', () => end(watcher, 'cut'));
      const seconds = Number(info.query.get('timeoutSeconds') ?? 1_800);
      watcher.timer = setTimeout(
        () => {
          if (!watcher.isFrozen) end(watcher, 'end');
        },
        seconds * 1000 * how.timeScale,
      );
      watcher.timer.unref();
      if (isBlank) {
        for (const object of store.list(info.resource))
          if (inScope(info, object) && watcher.selects(object))
            response.write(lineOf('ADDED', how.show(object)));
      } else for (const change of store.changesAfter(info.resource, asked)) tell(watcher, change);
    },
    freeze(match) {
      for (const watcher of matching(match)) watcher.isFrozen = true;
    },
    drop(match, how) {
      for (const watcher of matching(match)) end(watcher, how ?? 'cut');
    },
    fail(status, match) {
      for (const watcher of matching(match)) {
        if (watcher.isFrozen) continue;
        watcher.response.write(lineOf('ERROR', status.toJSON()));
        end(watcher, 'end');
      }
    },
    bookmark(match) {
      for (const watcher of matching(match)) {
        if (!watcher.wantsBookmarks || watcher.isFrozen || watcher.isHeld) continue;
        const metadata = { resourceVersion: String(store.version), creationTimestamp: null };
        watcher.response.write(lineOf('BOOKMARK', watcher.show({ metadata })));
      }
    },
    hold(match) {
      for (const watcher of matching(match)) watcher.isHeld = true;
    },
    release() {
      for (const watcher of watchers) {
        watcher.isHeld = false;
        flush(watcher);
      }
    },
    close() {
      unsubscribe();
      for (const watcher of [...watchers]) end(watcher, 'cut');
    },
  };
}

export function inScope(info: RequestInfo, object: ApiObject): boolean {
  return info.namespace === undefined || object.metadata.namespace === info.namespace;
}

/** A change that brings an object into a selection, or out of it, is its coming or going for who selects. */
function typeFor({ info, selects }: Watcher, change: Change): Change['type'] | undefined {
  if (!inScope(info, change.object)) return undefined;
  const was = change.before !== undefined && selects(change.before);
  const is = change.type !== 'DELETED' && selects(change.object);
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}

function lineOf(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}
