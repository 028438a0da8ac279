import { create, toBinary } from '@bufbuild/protobuf';
import { badField, requireText } from '../codec/field.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import {
  WorkloadRequestSchema,
  WorkloadResponseSchema,
  Version,
  ZdsHelloSchema,
} from '../generated/zds_pb.js';

/** A pod as Istio's CNI agent names it. */
export interface AgentPod {
  /** `metadata.uid` of the Pod. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
}

/** What the agent says. `add` comes with the pod's network namespace, `keep` is for a pod whose namespace it has lost. */
export type AgentRequest =
  | { readonly kind: 'add'; readonly pod: AgentPod }
  | { readonly kind: 'keep' | 'del'; readonly uid: string }
  | { readonly kind: 'snapshot-sent' };

/** No packet of the protocol is longer (wire.md §3.9). */
export const MOST_PACKET_BYTES = 1_024;

/** What a node proxy says first. */
export function encodeAgentHello(): Uint8Array {
  return toBinary(ZdsHelloSchema, create(ZdsHelloSchema, { version: Version.V1 }));
}

/** Throws WireError. */
export function decodeAgentRequest(bytes: Uint8Array): AgentRequest {
  const { payload } = decodeMessage(WorkloadRequestSchema, bytes);
  switch (payload.case) {
    case 'add': {
      const { uid, workloadInfo } = payload.value;
      return {
        kind: 'add',
        pod: {
          uid: requireText(uid, 'add.uid'),
          namespace: requireText(workloadInfo?.namespace ?? '', 'add.workload_info.namespace'),
          name: requireText(workloadInfo?.name ?? '', 'add.workload_info.name'),
          serviceAccount: requireText(
            workloadInfo?.serviceAccount ?? '',
            'add.workload_info.service_account',
          ),
        },
      };
    }
    case 'keep':
    case 'del':
      return { kind: payload.case, uid: requireText(payload.value.uid, `${payload.case}.uid`) };
    case 'snapshotSent':
      return { kind: 'snapshot-sent' };
    case undefined:
      throw badField('payload', 'expected add, keep, del or snapshot_sent, got nothing that is known here');
  }
}

/** Without `error`: the request was done. A text that is too long for a packet is cut. */
export function encodeAgentAck(error = ''): Uint8Array {
  const message = create(WorkloadResponseSchema, {
    payload: { case: 'ack', value: { error: fitting(error) } },
  });
  return toBinary(WorkloadResponseSchema, message);
}

/** By bytes, and not within a letter. */
function fitting(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_TEXT_BYTES) return text;
  return bytes.toString('utf8', 0, MOST_TEXT_BYTES).replace(/\uFFFD*$/, '');
}

/** Leaves room for the fields around the text. */
const MOST_TEXT_BYTES = MOST_PACKET_BYTES - 16;
