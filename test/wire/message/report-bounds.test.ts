import { test } from 'tap';
import { create, toBinary } from '@bufbuild/protobuf';
import type { WorkloadUid } from '../../../src/model/index.ts';
import { IstioCertificateRequestSchema } from '../../../src/wire/generated/certificate_pb.js';
import { NodeReportSchema } from '../../../src/wire/generated/enrolment_pb.js';
import { decodeCertificateRequest } from '../../../src/wire/message/certificate-message.ts';
import { decodeNodeReport, encodeNodeReport } from '../../../src/wire/message/node-report-message.ts';

/** Two bytes each: an empty entry of the list with that number. */
function emptyEntries(field: number, count: number): Buffer {
  return Buffer.alloc(2 * count, Buffer.from([(field << 3) | 2, 0]));
}

const tooMany = (parts: number) => ({
  code: 'ERR_WIRE_INVALID_REQUEST',
  message: new RegExp(`may have ${parts} parts, got more`),
});

test('a report of a node that would unfold into millions of pods is refused before any is made', async (t) => {
  const { number = 0 } = NodeReportSchema.fields.find(({ localName }) => localName === 'pods') ?? {};
  t.throws(() => decodeNodeReport(emptyEntries(number, 100_000)), tooMany(40_000));
  const pods = Array.from({ length: 5_000 }, (_, index) => ({ uid: `pod-${index}`, state: 1 }));
  const bytes = toBinary(NodeReportSchema, create(NodeReportSchema, { node: 'node-1', pods }));
  t.equal(decodeNodeReport(bytes).pods.length, 5_000, 'more than any node has');
  const wordy = create(NodeReportSchema, {
    node: 'n',
    pods: [{ uid: 'a', state: 1, error: 'e'.repeat(20_000) }],
  });
  t.throws(() => decodeNodeReport(toBinary(NodeReportSchema, wordy)), {
    message: /an entry of pods may have 16384 bytes, got 2000/,
  });
});

test('an error of a pod that is too long is cut, so that the others are told of', async (t) => {
  const pods = ['a', 'b'].map((uid) => ({
    uid: uid as WorkloadUid,
    state: 'failed' as const,
    errorCode: 'ERR',
    error: '…'.repeat(20_000),
  }));
  const read = decodeNodeReport(encodeNodeReport({ node: 'node-1', generation: 1, pods }));
  t.same(
    read.pods.map(({ uid, error }) => [uid, error.length]),
    [
      ['a', 4_096],
      ['b', 4_096],
    ],
  );
});

test('a request for a certificate is no longer than one can be', async (t) => {
  const message = create(IstioCertificateRequestSchema, { csr: 'a'.repeat(70_000) });
  t.throws(() => decodeCertificateRequest(toBinary(IstioCertificateRequestSchema, message)), {
    code: 'ERR_WIRE_INVALID_REQUEST',
    message: /may have 65536 bytes, got 7000/,
  });
});
