import { type AdmissionKind, type AdmissionObject, extensionKey } from '../../../../model/index.ts';
import type { Attachment as WireAttachment } from '../../../generated/waypoint_attachment_pb.js';
import { requireText } from '../../field.ts';
import { decodeAttachment, encodeAttachment } from '../attachment-codec.ts';

interface WireHead {
  readonly namespace: string;
  readonly name: string;
  readonly createdMs: bigint;
  readonly attachments: readonly WireAttachment[];
}

/** What the messages of RateLimit, FaultInjection and Filter have in common. */
export function encodeHead(object: AdmissionObject): WireHead & { readonly attachments: WireAttachment[] } {
  return {
    namespace: object.namespace,
    name: object.name,
    createdMs: Number.isFinite(object.createdMs) ? BigInt(object.createdMs) : 0n,
    attachments: object.attachments.map(encodeAttachment),
  };
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeHead(kind: AdmissionKind, message: WireHead, path: string): AdmissionObject {
  const namespace = requireText(message.namespace, `${path}.namespace`);
  const name = requireText(message.name, `${path}.name`);
  return {
    key: extensionKey(kind, namespace, name),
    namespace,
    name,
    createdMs: message.createdMs === 0n ? Number.POSITIVE_INFINITY : Number(message.createdMs),
    attachments: message.attachments.map((attachment, index) =>
      decodeAttachment(attachment, `${path}.attachments[${index}]`),
    ),
  };
}
