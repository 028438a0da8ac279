import {
  type Attachment,
  type GatewayKey,
  policyKey,
  type RequestAction,
  type RequestPolicy,
  type WaypointResource,
} from '../../../model/index.ts';
import { WireError } from '../../errors.ts';
import type { Attachment as WireAttachment } from '../../generated/waypoint_attachment_pb.js';
import { AuthorizationAction } from '../../generated/waypoint_authorization_pb.js';
import { ResourceSchema } from '../../generated/waypoint_pb.js';
import { decodeMessage } from '../resource-codec.ts';
import { decodeAttachment } from './attachment-codec.ts';

/**
 * What stands in for a `nodemesh.waypoint.Resource` that `waypointResourceCodec` does not understand, where going on
 * without it would let requests through that it was made to stop: a policy that denies everything which the resource is
 * attached to, and everything that goes through the waypoint (`gateway`) where that cannot be told. An AUDIT policy notes
 * everything instead, and what is only tried out stays so. Undefined for resources that stop nobody by themselves: what is
 * held of those from before may go on.
 */
export function refusalInPlaceOf(
  bytes: Uint8Array,
  resourceName: string,
  gateway: GatewayKey,
): WaypointResource | undefined {
  const [kind = '', namespace = '', ...rest] = resourceName.split('/');
  if (!GUARDS.has(kind)) return undefined;
  const name = rest.join('/');
  const { attachments, action, dryRun } = readable(bytes, { kind: 'gateway', gateway });
  // The name of another kind would make it look like a policy that is there as well.
  const shown = kind === 'AuthorizationPolicy' ? name : `${kind}:${name}`;
  const policy: RequestPolicy = {
    key: policyKey(namespace, shown),
    namespace,
    name: shown,
    attachments,
    action,
    rules: [{ from: [], to: [], when: [] }],
    dryRun,
    notUnderstood: 'this waypoint does not know all that the controller says in it',
  };
  return { kind: 'authorization', policy };
}

interface Readable {
  readonly attachments: readonly Attachment[];
  readonly action: RequestAction;
  readonly dryRun: boolean;
}

function readable(bytes: Uint8Array, everything: Attachment): Readable {
  try {
    const { content } = decodeMessage(ResourceSchema, bytes);
    if (content.case === 'authorization') {
      const { action, dryRun } = content.value;
      return {
        attachments: reachOf(content.value.attachments, everything),
        action: action === AuthorizationAction.AUDIT ? { kind: 'audit' } : DENY,
        dryRun,
      };
    }
    if (content.case === 'authentication') {
      return { attachments: reachOf(content.value.attachments, everything), action: DENY, dryRun: false };
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return { attachments: [everything], action: DENY, dryRun: false };
}

/** Everything, as soon as one of the attachments cannot be told: it may be any part of it. */
function reachOf(attachments: readonly WireAttachment[], everything: Attachment): readonly Attachment[] {
  try {
    const known = attachments.map((attachment) => decodeAttachment(attachment, 'attachments'));
    return known.length === 0 ? [everything] : known;
  } catch (error) {
    if (error instanceof WireError) return [everything];
    throw error;
  }
}

const DENY: RequestAction = { kind: 'deny' };
const GUARDS: ReadonlySet<string> = new Set(['AuthorizationPolicy', 'RequestAuthentication']);
