import {
  type Clock,
  createBackoff,
  createSignal,
  describeError,
  type Logger,
  silentLogger,
  systemClock,
  type Timer,
} from '../../../base/index.ts';
import { isKubernetesError, type KubernetesApi, KubernetesError } from '../../kubernetes/index.ts';
import type { ObjectKind } from '../../objects/index.ts';
import type { ObjectEvent, ObjectSource, SourceFacts, SourceProblem } from '../object-source.ts';
import { createProblemReport } from '../problem-report.ts';
import { FOLLOW_DEFAULTS, followDefinitions, type FollowSettings } from './follow/index.ts';
import { createKindFollower } from './kind-follower.ts';
import { createKindPresence } from './kind-presence.ts';
import { READ_KINDS, readKind, resourceName } from './kind-table.ts';
import { findServedKinds } from './served-kinds.ts';

/** Which API server, and which kinds. */
export interface KubernetesSourceOptions {
  /** Stays the caller's to close. */
  readonly api: KubernetesApi;
  /** Default: all that the mesh reads. */
  readonly kinds?: readonly ObjectKind[];
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly settings?: Partial<KubernetesSourceSettings>;
  /** In [0, 1); replaced by tests alone. */
  readonly random?: () => number;
}

/** How fast things are noticed and believed. */
export interface KubernetesSourceSettings extends FollowSettings {
  /** What comes within this time is one batch. Default 10 ms. */
  readonly batchMs: number;
  /** How often is asked which kinds are served. Default 60 s. */
  readonly lookMs: number;
  /** The same while it is not certain of some kind. Default 2 s. */
  readonly undecidedLookMs: number;
  /** A kind that has not been there for so many looks is believed to be gone, where CustomResourceDefinitions do not tell. Default 3. */
  readonly looksBeforeBelieved: number;
}

/** The source, with what can be asked of it alone. */
export interface KubernetesSource extends ObjectSource {
  deliverAgain(namespaces: ReadonlySet<string>): void;
  facts(): readonly SourceFacts[];
}

/**
 * The objects of an API server. What is known stays in force while the API server is away, refuses or talks nonsense;
 * something is forgotten only when it is said to be gone.
 */
export function createKubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  const { api, clock = systemClock, log = silentLogger, random = Math.random } = options;
  const settings: KubernetesSourceSettings = { ...DEFAULTS, ...options.settings };
  const events = createSignal<readonly ObjectEvent[]>();
  const problemChanges = createSignal<readonly SourceProblem[]>();
  const report = createProblemReport(log, {
    error: 'objects have a problem',
    notice: 'objects are passed over',
  });
  const stop = new AbortController();
  const started = Promise.withResolvers<void>();
  // Whoever never asks for the start has nothing to be told of its failure.
  started.promise.catch(() => undefined);
  const presence = createKindPresence(settings.looksBeforeBelieved);
  const backoff = createBackoff(
    { initialMs: settings.retryMs.initial, maximumMs: settings.retryMs.maximum, jitter: 0.3 },
    random,
  );
  const shared = { api, settings, clock, log, random };
  const followers = (options.kinds ?? READ_KINDS).map((kind) =>
    createKindFollower({ ...shared, kind: readKind(kind), onChange: changed, onMissing: () => lookAfter(0) }),
  );
  let definitions: ReturnType<typeof followDefinitions> | undefined;
  let isDelivered = false;
  let lookError: unknown;
  let batch: Timer | undefined;
  let nextLook: { readonly timer: Timer; readonly dueMs: number } | undefined;
  let looking: Promise<void> | undefined;
  let isLookWanted = false;

  function changed(): void {
    if (!stop.signal.aborted) batch ??= clock.after(settings.batchMs, flush);
  }

  function flush(): void {
    batch = undefined;
    if (stop.signal.aborted) return;
    if (isDelivered || followers.every(({ isSettled }) => isSettled)) {
      const all = followers.flatMap((follower) => follower.flush());
      if (all.length > 0 || !isDelivered) events.emit(all);
      isDelivered = true;
      started.resolve();
    }
    const problems = allProblems();
    if (report.update(problems)) problemChanges.emit(problems);
  }

  function allProblems(): readonly SourceProblem[] {
    const problems = [
      ...(definitions?.problems() ?? []),
      ...followers.flatMap((follower) => follower.problems()),
    ];
    if (lookError === undefined) return problems;
    const message = `which kinds are served cannot be told: ${describeError(lookError)}`;
    return [{ severity: 'error', file: 'discovery', line: 1, field: '', object: '', message }, ...problems];
  }

  /** A look that is planned for an earlier time stays. */
  function lookAfter(delayMs: number): void {
    if (stop.signal.aborted) return;
    const dueMs = clock.monotonic() + Math.max(delayMs, SHORTEST_LOOK_MS);
    if (nextLook !== undefined && nextLook.dueMs <= dueMs) return;
    nextLook?.timer.cancel();
    nextLook = { dueMs, timer: clock.after(dueMs - clock.monotonic(), startLook) };
  }

  function startLook(): void {
    nextLook?.timer.cancel();
    nextLook = undefined;
    if (looking !== undefined) {
      isLookWanted = true;
      return;
    }
    isLookWanted = false;
    looking = look().finally(() => {
      looking = undefined;
      if (isLookWanted) startLook();
    });
  }

  async function look(): Promise<void> {
    try {
      const served = await findServedKinds(
        api,
        followers.map(({ kind }) => kind),
        stop.signal,
      );
      stop.signal.throwIfAborted();
      let isDecided = true;
      for (const follower of followers) {
        const { kind } = follower;
        const resource = served.get(kind);
        const isDefined = definitions?.has(resourceName(kind));
        const judged = presence.judge(kind, { isServed: resource !== undefined, isDefined });
        if (judged === 'undecided') isDecided = false;
        follower.setPresence(judged, resource);
      }
      backoff.reset();
      lookError = undefined;
      lookAfter(isDecided ? settings.lookMs : settings.undecidedLookMs);
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!isDelivered && isKubernetesError(error, 'ERR_KUBERNETES_CONFIG')) started.reject(error);
      lookError = error;
      lookAfter(backoff.next());
    }
    changed();
  }

  async function close(cause: Error): Promise<void> {
    stop.abort(cause);
    started.reject(cause);
    batch?.cancel();
    nextLook?.timer.cancel();
    await Promise.all([definitions?.close(), looking, ...followers.map((follower) => follower.close())]);
  }

  return {
    events,
    problemChanges,
    problems: allProblems,
    deliverAgain(namespaces) {
      for (const follower of followers) follower.deliverAgain(namespaces);
    },
    facts: () => followers.map((follower) => follower.facts()),
    async start() {
      if (followers.some(({ kind }) => kind.custom)) {
        definitions = followDefinitions({ ...shared, onChange: () => lookAfter(DEFINITION_SETTLES_MS) });
        await definitions.firstAnswer;
      }
      if (!stop.signal.aborted) startLook();
      await started.promise;
    },
    close: () => close(closedError()),
    destroy: (cause) => void close(cause ?? closedError()),
  };
}

function closedError(): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_UNREACHABLE',
    blame: 'local',
    message: 'closed before everything was listed',
  });
}

const DEFAULTS: KubernetesSourceSettings = {
  ...FOLLOW_DEFAULTS,
  batchMs: 10,
  lookMs: 60_000,
  undecidedLookMs: 2_000,
  looksBeforeBelieved: 3,
};
/** A burst of reasons is one look. */
const SHORTEST_LOOK_MS = 50;
/** What a CustomResourceDefinition brings is served a moment after it is there. */
const DEFINITION_SETTLES_MS = 200;
