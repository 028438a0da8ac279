import type { Collection, Judged, MeshCollections } from '../collections/index.ts';
import type { AuthorizationPolicyObject, PeerAuthenticationObject } from '../objects/index.ts';
import type { ObjectCondition, SinkQueue } from '../sink/index.ts';
import { createWarnings } from './notices/index.ts';
import type { TranslatedPolicy } from '../translate/index.ts';

/**
 * Tells the authors of policies, by a condition on each, what the node proxies make of it, by an event too where that is
 * not what it says. Returns what stops it.
 */
export function writePolicyStatus(
  collections: Pick<MeshCollections, 'policyObjects' | 'peerObjects' | 'policies'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
  rootNamespace: string,
): () => void {
  const { policyObjects, peerObjects, policies } = collections;
  const warnings = createWarnings(sink);
  const write = <T extends AuthorizationPolicyObject | PeerAuthenticationObject>(
    objects: Collection<Judged<T>>,
    kind: T['kind'],
    conditionOf: (judged: Judged<T>, key: string) => Condition | undefined,
  ) =>
    objects.changes.subscribe((keys) => {
      for (const key of keys) {
        const judged = objects.get(key);
        if (judged === undefined) {
          const [namespace = '', name = ''] = key.split('/');
          sink.forgetStatus({ kind, namespace, name, writer: WRITER });
          warnings.forget({ kind, namespace, name });
          continue;
        }
        const condition = conditionOf(judged, key);
        const { namespace, name, generation } = judged.object.meta;
        // Faults of the object itself are told where it was read.
        const isNews =
          condition !== undefined && condition.reason !== 'Accepted' && judged.faults.length === 0;
        warnings.tell({ kind, namespace, name }, isNews ? condition : undefined);
        if (condition === undefined) continue;
        sink.setStatus({
          apiVersion: 'security.istio.io/v1',
          kind,
          namespace,
          name,
          writer: WRITER,
          conditions: [{ type: CONDITION_TYPE, observedGeneration: generation, ...condition }],
        });
      }
    });
  const stops = [
    write(policyObjects, 'AuthorizationPolicy', (_judged, key) => authorizationCondition(policies.get(key))),
    write(peerObjects, 'PeerAuthentication', (judged) => peerCondition(judged, rootNamespace)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

type Condition = Pick<ObjectCondition, 'status' | 'reason' | 'message'>;

/** Undefined for a policy that is for waypoints: the node proxies have nothing to say about it. */
function authorizationCondition(translated: TranslatedPolicy | undefined): Condition | undefined {
  if (translated === undefined) return undefined;
  const { policy, warning } = translated;
  if (warning === undefined && policy === undefined) return undefined;
  if (warning === undefined) return { status: 'True', reason: 'Accepted', message: 'attached to ztunnel' };
  // One that could not be read as a whole is in force too, but not as it was written.
  const accepted = policy !== undefined && warning.reason === 'UnsupportedValue';
  return { status: accepted ? 'True' : 'False', reason: warning.reason, message: warning.message };
}

function peerCondition(
  { object, faults }: Judged<PeerAuthenticationObject>,
  rootNamespace: string,
): Condition {
  if (faults.length > 0) {
    const message = `not understood, so plaintext is refused where it selects: ${faults.join('; ')}`;
    return { status: 'False', reason: 'Invalid', message };
  }
  if (object.selector !== undefined && object.meta.namespace === rootNamespace) {
    const message =
      'a selector has no effect in the root namespace; put it into the namespace of the workloads';
    return { status: 'False', reason: 'UnsupportedValue', message };
  }
  return { status: 'True', reason: 'Accepted', message: 'attached to ztunnel' };
}

const CONDITION_TYPE = 'ZtunnelAccepted';
const WRITER = 'policy-status';
