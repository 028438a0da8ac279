import type { EnrolmentPod } from '../../model/index.ts';
import type { PodName } from './attachment.ts';

/** What the node knows that says whether a new pod is to be in the mesh. */
export interface Knowledge {
  readonly node: string;
  /** The pod, if the controller wants it enrolled. */
  find(pod: PodName): EnrolmentPod | undefined;
  isBystander(pod: PodName): boolean;
  /** Whether the namespace's pods join; undefined: nobody has told. */
  joins(namespace: string): boolean | undefined;
  /** Whether the controller has told anything, to this process or to the one before. */
  readonly isTold: boolean;
  /** Whether there is a controller now. */
  readonly isConnected: boolean;
}

/** `unknown` is for waiting, and then for refusing. */
export type Standing =
  | { readonly kind: 'joins'; readonly pod: EnrolmentPod }
  | { readonly kind: 'stays' }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Whether a new pod is to be in the mesh. What the controller has told of the pod itself counts first; its namespace's
 * word is enough to let it pass, but never to capture it: for that the pod's service account must be known.
 */
export function standingOf(pod: PodName, knowledge: Knowledge): Standing {
  const wanted = knowledge.find(pod);
  // One that another mesh has starts in that mesh.
  if (wanted !== undefined) return wanted.heldBy === '' ? { kind: 'joins', pod: wanted } : { kind: 'stays' };
  if (knowledge.isBystander(pod)) return { kind: 'stays' };
  // A pod of that name is in the mesh by its own label: its successor, whom nobody has told of yet, may well be too.
  const hasNamesake = knowledge.find({ ...pod, uid: '' }) !== undefined;
  if (knowledge.joins(pod.namespace) === false && !hasNamesake) return { kind: 'stays' };
  return { kind: 'unknown', reason: reasonOf(pod, knowledge) };
}

function reasonOf(pod: PodName, knowledge: Knowledge): string {
  const { node, isTold, isConnected } = knowledge;
  const joins = knowledge.joins(pod.namespace);
  const who =
    joins === undefined
      ? `new pods of namespace ${pod.namespace} wait, of which it does not know whether they join the mesh`
      : `new pods of ${joins ? 'the labelled ' : ''}namespace ${pod.namespace} wait`;
  if (!isTold) return `the ztunnel on node ${node} has no answer from the controller; ${who}`;
  if (!isConnected) return `the ztunnel on node ${node} has lost its controller; ${who}`;
  return `the controller has not told node ${node} of pod ${pod.namespace}/${pod.name} yet; ${who}`;
}
