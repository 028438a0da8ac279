import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiAnswers, ConnectionView, LiveMessage, RefusalView, RequestView } from '../../model/index.ts';
import { mergeRefusals } from '../traffic/refusal-groups.ts';
import { follow, liveState, setLiveWindow } from './live.ts';
import { amend, type Resource, useAnswer } from './resource.ts';

/** A connection that has ended, and why. */
export type ClosedConnection = ConnectionView & { readonly closedMs: number; readonly error: string };

/** A request that ended while the page looked, with a name of its own. */
export type SeenRequest = RequestView & { readonly id: number };

const refusals = signal<readonly RefusalView[]>([]);
const closed = signal<readonly ClosedConnection[]>([]);
const requests = signal<readonly SeenRequest[]>([]);
let requestsSeen = 0;

/** The refusals of the last fifteen minutes, newest first, at most 500; new ones come in as they happen. */
export function useRefusals(): Resource<readonly RefusalView[]> {
  const answer = useAnswer('/api/v1/refusals', { limit: KEPT_REFUSALS }, 10_000);
  useEffect(() => {
    if (answer.data !== undefined) addRefusals(answer.data.refusals);
  }, [answer.data]);
  return { ...answer, data: answer.data === undefined ? undefined : refusals.value };
}

/** Follows refusals for as long as the page is open, whichever page it is: the count beside its name is live. */
export function followRefusals(announce: (fresh: readonly RefusalView[]) => void): () => void {
  return follow(['refusals'], (message) => {
    if (message.topic !== 'refusals') return;
    addRefusals(message.refusals);
    announce(message.refusals);
  });
}

/** The topology over a window in seconds, live. */
export function useTopology(windowSeconds: number): Resource<ApiAnswers['/api/v1/topology']> {
  const query = { window: windowSeconds };
  useFollowed(['topology'], windowSeconds, (message) => {
    if (message.topic === 'topology' && message.topology.seconds === windowSeconds) {
      amend('/api/v1/topology', query, () => message.topology);
    }
  });
  return useAnswer('/api/v1/topology', query, slowWhileLive());
}

/** All workloads, live. */
export function useWorkloads(): Resource<ApiAnswers['/api/v1/workloads']> {
  useFollowed(['workloads'], undefined, (message) => {
    if (message.topic !== 'workloads') return;
    amend('/api/v1/workloads', {}, () => ({ workloads: message.workloads }));
  });
  return useAnswer('/api/v1/workloads', {}, slowWhileLive());
}

/** Connections that are open, live. */
export function useConnections(): Resource<ApiAnswers['/api/v1/connections']> {
  useFollowed(['connections'], undefined, (message) => {
    if (message.topic !== 'connections') return;
    const gone = new Set(message.closed.map((connection) => connection.id));
    closed.value = [...message.closed, ...closed.peek()].slice(0, KEPT_CLOSED);
    amend('/api/v1/connections', {}, (known) => {
      const stayed = known.connections.filter(({ id }) => !gone.has(id));
      const ids = new Set(stayed.map(({ id }) => id));
      const opened = message.opened.filter(({ id }) => !gone.has(id) && !ids.has(id));
      const ended = known.connections.length - stayed.length;
      return { connections: [...opened, ...stayed], total: Math.max(0, known.total + opened.length - ended) };
    });
  });
  return useAnswer('/api/v1/connections', {}, 5_000);
}

/** The connections that ended while this page looked, newest first. */
export function recentlyClosed(): readonly ClosedConnection[] {
  return closed.value;
}

/** Follows the requests of waypoints while a component is shown. */
export function useRequests(): void {
  useFollowed(['requests'], undefined, (message) => {
    if (message.topic !== 'requests') return;
    const fresh = message.requests.map((request) => ({ ...request, id: ++requestsSeen }));
    requests.value = [...fresh.reverse(), ...requests.peek()].slice(0, KEPT_REQUESTS);
  });
}

/** The requests that ended while this page looked, newest first. */
export function recentRequests(): readonly SeenRequest[] {
  return requests.value;
}

function useFollowed(
  topics: Parameters<typeof follow>[0],
  windowSeconds: number | undefined,
  listener: (message: LiveMessage) => void,
): void {
  // Listeners differ by the window alone.
  useEffect(() => {
    if (windowSeconds !== undefined) setLiveWindow(windowSeconds);
    return follow(topics, listener);
  }, [windowSeconds]);
}

function addRefusals(fresh: readonly RefusalView[]): void {
  refusals.value = mergeRefusals(refusals.peek(), fresh, KEPT_REFUSALS);
}

function slowWhileLive(): number {
  return liveState.value === 'live' ? 15_000 : 5_000;
}

const KEPT_REFUSALS = 500;
const KEPT_CLOSED = 100;
const KEPT_REQUESTS = 500;
