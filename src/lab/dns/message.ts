import { ipAddressToBytes, parseIpAddress } from '../../model/index.ts';

/** RFC 1035 numbers for what the lab answers. */
export const RECORD_TYPES = { A: 1, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33, OPT: 41 } as const;
export const RESPONSE_CODES = { noError: 0, formatError: 1, nameError: 3, notImplemented: 4 } as const;

/** One question (RFC 1035 §4.1.2), with what its answer has to repeat. */
export interface DnsQuery {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly opcode: number;
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: number;
  /** What the client takes over UDP: 512 unless EDNS says more. */
  readonly udpPayloadBytes: number;
  /** The question as it was sent, which the answer repeats. */
  readonly question: Uint8Array;
}

/** What a name has, in the types that the lab answers. */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'SRV'; readonly port: number; readonly target: string };

/** `code`: the RCODE of RFC 1035 §4.1.1. */
export interface DnsAnswer {
  readonly code: number;
  readonly records: readonly (DnsRecord & { readonly name: string })[];
}

const HEADER_BYTES = 12;
const LONGEST_NAME = 255;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;
/** Short, so that nobody keeps the address of a pod that has gone. */
const TTL_SECONDS = 5;

/** Undefined for anything that is not a query with exactly one question. Never throws. */
export function decodeQuery(message: Uint8Array): DnsQuery | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const flags = view.getUint16(2);
  if ((flags & FLAG_RESPONSE) !== 0 || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (;;) {
    const length = message[offset];
    // A question is never compressed (0xc0): nothing stands before it.
    if (length === undefined || length > 63 || offset - HEADER_BYTES > LONGEST_NAME) return undefined;
    offset += 1;
    if (length === 0) break;
    if (offset + length > message.length) return undefined;
    labels.push(
      Buffer.from(message.subarray(offset, offset + length))
        .toString('latin1')
        .toLowerCase(),
    );
    offset += length;
  }
  if (offset + 4 > message.length) return undefined;
  const end = offset + 4;
  return {
    id: view.getUint16(0),
    recursionDesired: (flags & FLAG_RECURSION_DESIRED) !== 0,
    opcode: (flags >> 11) & 0xf,
    name: labels.join('.'),
    type: view.getUint16(offset),
    udpPayloadBytes: ednsPayload(message, view, end),
    question: message.subarray(HEADER_BYTES, end),
  };
}

/** `limitBytes` is what fits: a longer answer is cut to its header with the truncation flag (RFC 1035 §4.2.1). */
export function encodeAnswer(query: DnsQuery, answer: DnsAnswer, limitBytes: number): Uint8Array {
  const whole = encode(query, answer, 0);
  return whole.length <= limitBytes ? whole : encode(query, { ...answer, records: [] }, FLAG_TRUNCATED);
}

function encode(query: DnsQuery, answer: DnsAnswer, extraFlags: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const recursion = query.recursionDesired ? FLAG_RECURSION_DESIRED : 0;
  const flags =
    FLAG_RESPONSE |
    FLAG_AUTHORITATIVE |
    FLAG_RECURSION_AVAILABLE |
    recursion |
    extraFlags |
    (query.opcode << 11);
  // RFC 2308 §3: an answer without records carries the zone's SOA, for how long that may be remembered.
  const isNegative = answer.records.length === 0 && extraFlags === 0;
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(flags | answer.code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answer.records.length, 6);
  header.writeUInt16BE(isNegative ? 1 : 0, 8);
  const records = answer.records.map((record) =>
    resourceRecord(record.name, RECORD_TYPES[record.type], recordData(record)),
  );
  return Buffer.concat([header, query.question, ...records, ...(isNegative ? [zoneAuthority()] : [])]);
}

function resourceRecord(name: string, type: number, data: Uint8Array): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_SECONDS, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function recordData(record: DnsRecord): Uint8Array {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return ipAddressToBytes(parseIpAddress(record.address));
    case 'CNAME':
      return encodeName(record.target);
    case 'SRV': {
      const fixed = Buffer.alloc(6);
      fixed.writeUInt16BE(100, 2);
      fixed.writeUInt16BE(record.port, 4);
      return Buffer.concat([fixed, encodeName(record.target)]);
    }
  }
}

function zoneAuthority(): Buffer {
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [1, 7200, 1800, 86_400, TTL_SECONDS].entries())
    numbers.writeUInt32BE(value, index * 4);
  const data = Buffer.concat([
    encodeName('ns.dns.cluster.local'),
    encodeName('hostmaster.cluster.local'),
    numbers,
  ]);
  return resourceRecord('cluster.local', RECORD_TYPES.SOA, data);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);
}

/** The OPT record's class field is the client's payload size (RFC 6891 §6.1.2). */
function ednsPayload(message: Uint8Array, view: DataView, offset: number): number {
  const isRoot = message[offset] === 0 && offset + 5 <= message.length;
  if (!isRoot || view.getUint16(offset + 1) !== RECORD_TYPES.OPT) return 512;
  return Math.max(512, Math.min(4096, view.getUint16(offset + 3)));
}
