import type { Collection, GuardCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { createWarnings } from './notices/index.ts';
import type { GuardOutcome } from '../translate/index.ts';
import type { MeshCollections } from '../collections/index.ts';

/**
 * Tells authors, by the condition WaypointAccepted, what waypoints make of their policies, by an event too where they do
 * not accept one. Returns what stops it.
 */
export function writeGuardStatus(
  collections: Pick<GuardCollections, 'policyOutcomes' | 'authenticationOutcomes'> &
    Pick<MeshCollections, 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
): () => void {
  const { policyOutcomes, authenticationOutcomes, objects } = collections;
  const stops = [
    follow(policyOutcomes, 'AuthorizationPolicy', objects.policies, sink),
    follow(authenticationOutcomes, 'RequestAuthentication', objects.requestAuthentications, sink),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

interface Written {
  readonly object: {
    readonly meta: { readonly namespace: string; readonly name: string; readonly generation: number };
  };
  readonly faults: readonly string[];
}

function follow(
  outcomes: Collection<GuardOutcome>,
  kind: string,
  objects: Collection<Written>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
): () => void {
  const told = new Set<string>();
  const warnings = createWarnings(sink);
  const write = (key: string): void => {
    const judged = objects.get(key);
    if (judged === undefined) {
      const [namespace = '', name = ''] = key.split('/');
      sink.forgetStatus({ kind, namespace, name, writer: WRITER });
      warnings.forget({ kind, namespace, name });
      told.delete(key);
      return;
    }
    const { meta } = judged.object;
    const condition = outcomes.get(key)?.condition;
    // Of a policy that has never been for waypoints nothing is said.
    if (condition === undefined && !told.delete(key)) return;
    const { namespace, name, generation } = meta;
    const status = { apiVersion: 'security.istio.io/v1', kind, namespace, name, writer: WRITER };
    // Faults of the object itself are told where it was read.
    const isNews = condition?.status === 'False' && judged.faults.length === 0;
    warnings.tell(status, isNews ? condition : undefined);
    if (condition === undefined) {
      sink.setStatus({ ...status, withdrawnConditions: [TYPE] });
      return;
    }
    told.add(key);
    sink.setStatus({ ...status, conditions: [{ type: TYPE, observedGeneration: generation, ...condition }] });
  };
  // An outcome may change without its object, and an object (its generation) without its outcome.
  const stops = [outcomes.changes, objects.changes].map((changes) =>
    changes.subscribe((keys) => {
      for (const key of keys) write(key);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

const TYPE = 'WaypointAccepted';
const WRITER = 'guard-status';
