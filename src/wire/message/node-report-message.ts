import { create, toBinary } from '@bufbuild/protobuf';
import type { EnrolmentReceipt, EnrolmentReport, EnrolmentState, WorkloadUid } from '../../model/index.ts';
import { enumTable } from '../codec/enum-table.ts';
import { badField, requireText } from '../codec/field.ts';
import { decodeBounded } from '../codec/bounded-message.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import { NodeReceiptSchema, NodeReportSchema, PodReportSchema, State } from '../generated/enrolment_pb.js';
import { asBuffer } from './delta-request-message.ts';

const STATES = enumTable<EnrolmentState>({
  prepared: State.PREPARED,
  sending: State.SENDING,
  captured: State.CAPTURED,
  leaving: State.LEAVING,
  released: State.RELEASED,
  failed: State.FAILED,
});

/** One pod's must not keep those of all others from being told. */
const LONGEST_ERROR = 4_096;
/** Of 10,000 pods, all of which failed; a node has some hundred. */
const BOUNDS = { parts: 40_000, entryBytes: 16_384 };
const NEWEST_STATE = Math.max(...Object.values(State).filter((value) => typeof value === 'number'));

/** `nodemesh.enrolment.NodeReport`; sentences are cut where they are too long. */
export function encodeNodeReport(report: EnrolmentReport): Buffer {
  const message = create(NodeReportSchema, {
    node: report.node,
    generation: BigInt(report.generation),
    awaitsOthers: report.awaitsOthers ?? false,
    relayed: report.relayed ?? false,
    pods: report.pods.map(({ uid, state, errorCode, error }) =>
      create(PodReportSchema, {
        uid,
        state: STATES.encode(state),
        errorCode,
        error: error.slice(0, LONGEST_ERROR),
      }),
    ),
  });
  return asBuffer(toBinary(NodeReportSchema, message));
}

/** Throws WireError. */
export function decodeNodeReport(bytes: Uint8Array): EnrolmentReport {
  const message = decodeBounded(NodeReportSchema, bytes, BOUNDS);
  if (message.generation > BigInt(Number.MAX_SAFE_INTEGER))
    throw badField('generation', `expected a number below 2^53, got ${message.generation}`);
  return {
    node: requireText(message.node, 'node'),
    generation: Number(message.generation),
    ...(message.awaitsOthers && { awaitsOthers: true }),
    ...(message.relayed && { relayed: true }),
    pods: message.pods.flatMap(({ uid, state, errorCode, error }, index) => {
      // A state of a newer node says nothing here; the node's other pods must not suffer for it.
      if (state > NEWEST_STATE) return [];
      return [
        {
          uid: requireText(uid, `pods[${index}].uid`) as WorkloadUid,
          state: STATES.decode(state, `pods[${index}].state`),
          errorCode,
          error,
        },
      ];
    }),
  };
}

/** `nodemesh.enrolment.NodeReceipt`. */
export function encodeNodeReceipt(receipt: EnrolmentReceipt): Buffer {
  return asBuffer(
    toBinary(NodeReceiptSchema, create(NodeReceiptSchema, { acknowledged: receipt.acknowledged })),
  );
}

/** Throws WireError. */
export function decodeNodeReceipt(bytes: Uint8Array): EnrolmentReceipt {
  return { acknowledged: decodeMessage(NodeReceiptSchema, bytes).acknowledged };
}
