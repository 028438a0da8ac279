import type { Clock, Logger } from '../../../base/index.ts';
import {
  apiVersionOf,
  isKubernetesError,
  type KubernetesApi,
  type ResourceType,
} from '../../kubernetes/index.ts';
import type { ObjectEvent, SourceFacts, SourceProblem } from '../object-source.ts';
import { type CollectionFollower, type FollowSettings, followCollection } from './follow/index.ts';
import { isSettled, type KindState, kindProblems } from './kind-state.ts';
import type { ReadKind } from './kind-table.ts';
import { createKindView } from './kind-view.ts';
import type { Presence } from './kind-presence.ts';

/** One kind: whether it is served, what is known of its objects, and what is wrong. */
export interface KindFollower {
  readonly kind: ReadKind;
  /** Nothing stands in the way of serving proxies, as far as this kind is concerned. */
  readonly isSettled: boolean;
  /** Takes what was found out about the kind, and begins or ends to follow it. */
  setPresence(presence: Presence, resource: ResourceType | undefined): void;
  /** Lists everything once more, and tells of what is in these namespaces even if it is as it was. */
  deliverAgain(namespaces: ReadonlySet<string>): void;
  flush(): readonly ObjectEvent[];
  problems(): readonly SourceProblem[];
  facts(): SourceFacts;
  close(): Promise<void>;
}

/** Which kind, and who hears of it. */
export interface KindFollowerOptions {
  readonly kind: ReadKind;
  readonly api: KubernetesApi;
  readonly settings: FollowSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** There is something to flush, or other problems. */
  readonly onChange: () => void;
  /** The API server says that there is no such kind. */
  readonly onMissing: () => void;
}

/** Follows nothing until it is told where the kind is served. */
export function createKindFollower(options: KindFollowerOptions): KindFollower {
  const { kind, onChange } = options;
  const view = createKindView(kind);
  const ended = { lists: 0, restarts: 0 };
  let state: KindState = { type: 'unknown' };
  let error: unknown;
  let failures = 0;
  let current: { readonly resource: ResourceType; readonly follower: CollectionFollower } | undefined;
  let closing: Promise<void> = Promise.resolve();

  function begin(resource: ResourceType): void {
    if (current?.resource.version === resource.version) return;
    end();
    if (state.type !== 'listed') state = { type: 'listing' };
    view.setVersion(apiVersionOf(resource));
    const target = {
      beginList: view.beginList,
      apply: view.apply,
      onChange(how: 'listed' | 'watched') {
        if (how === 'listed') state = { type: 'listed' };
        onChange();
      },
      onState: setError,
    };
    const { metadataOnly, fieldSelector } = kind;
    current = {
      resource,
      follower: followCollection({ ...options, resource, metadataOnly, fieldSelector, target }),
    };
  }

  function end(): void {
    if (current === undefined) return;
    const { follower } = current;
    ended.lists += follower.counts.lists;
    ended.restarts += follower.counts.restarts;
    current = undefined;
    error = undefined;
    failures = 0;
    closing = Promise.all([closing, follower.close()]).then(() => undefined);
  }

  function setError(next: unknown): void {
    failures = next === undefined ? 0 : failures + 1;
    if (isKubernetesError(next, 'ERR_KUBERNETES_NOT_FOUND')) options.onMissing();
    // What a second attempt mends is not worth a word.
    const isWorthSaying =
      isKubernetesError(next, 'ERR_KUBERNETES_FORBIDDEN') || failures >= FAILURES_BEFORE_SAID;
    const said = isWorthSaying ? next : undefined;
    if (said === error) return;
    error = said;
    onChange();
  }

  return {
    kind,
    get isSettled() {
      return isSettled(kind, state, error);
    },
    setPresence(presence, resource) {
      if (presence === 'served' && resource !== undefined) begin(resource);
      else if (presence === 'absent') {
        end();
        view.clear();
        state = { type: 'absent', isOddlyServed: false };
      } else if (presence === 'oddly-served' && state.type !== 'listed') {
        end();
        state = { type: 'absent', isOddlyServed: true };
      } else return;
      onChange();
    },
    deliverAgain(namespaces) {
      if (kind.resources[0]?.namespaced !== true) return;
      view.forgetContents(namespaces);
      current?.follower.listAgain();
    },
    flush: () => view.flush(),
    problems: () => [...kindProblems(kind, state, error), ...view.problems()],
    facts() {
      const { lists = 0, restarts = 0, heardMs = 0 } = current?.follower.counts ?? {};
      return {
        kind: kind.kind,
        objects: view.size,
        lists: ended.lists + lists,
        watchRestarts: ended.restarts + restarts,
        heardMs,
      };
    },
    async close() {
      end();
      await closing;
    },
  };
}

const FAILURES_BEFORE_SAID = 3;
