import { closeSync } from 'node:fs';
import { endianness } from 'node:os';
import { errnoName, NetError } from '../errors.ts';
import {
  openNetlinkSocket,
  receiveMessage,
  receiveMessageOffThread,
  sendMessage,
  sendMessageOffThread,
  setSocketOptionBytes,
} from './socket-calls.ts';

/** One message of a netlink protocol: what follows `struct nlmsghdr`. */
export interface NetlinkMessage {
  readonly type: number;
  readonly payload: Buffer;
}

/** A message that asks the kernel for something, and how. */
export interface NetlinkRequest extends NetlinkMessage {
  /** NLM_F_* flags beside REQUEST and ACK, which are always set (a dump is not acknowledged). */
  readonly flags: number;
}

/** What the kernel thinks of a request: 0, or the errno of its refusal. */
export interface NetlinkAnswer {
  readonly errno: number;
  readonly messages: readonly NetlinkMessage[];
}

/**
 * Sends requests one after the other in the calling thread's network namespace and waits for each answer: for what the
 * kernel does in microseconds. Throws NetError.
 */
export function netlinkExchange(
  protocol: number,
  requests: readonly NetlinkRequest[],
): readonly NetlinkAnswer[] {
  const descriptor = openNetlink(protocol);
  try {
    return requests.map((request) => {
      sendMessage(descriptor, encodeRequest(request));
      const reader = createAnswerReader();
      while (reader.answer === undefined) reader.read(received, receiveMessage(descriptor, received));
      return reader.answer;
    });
  } finally {
    closeSync(descriptor);
  }
}

/** A netlink socket of the calling thread's network namespace, wherever it is used from then on. The caller closes it. */
export function openNetlink(protocol: number): number {
  const descriptor = openNetlinkSocket(protocol);
  setSocketOptionBytes(descriptor, 'receiveTimeout', ONE_SECOND);
  return descriptor;
}

/**
 * Sends requests as one datagram, as nftables' transactions want, and resolves with the first answer. For what takes the
 * kernel milliseconds: another thread waits. Rejects with NetError.
 */
export async function netlinkTransaction(
  descriptor: number,
  requests: readonly NetlinkRequest[],
): Promise<NetlinkAnswer> {
  const datagram = Buffer.concat(requests.map(encodeRequest));
  if ((await sendMessageOffThread(descriptor, datagram)) === -1) throw silent('send');
  const reader = createAnswerReader();
  const buffer = Buffer.alloc(DUMP_BYTES);
  while (reader.answer === undefined) {
    const length = await receiveMessageOffThread(descriptor, buffer);
    if (length === -1) throw silent('recv');
    reader.read(buffer, length);
  }
  return reader.answer;
}

/** One attribute: `struct nlattr`, the value, and padding to four bytes. */
export function encodeAttribute(type: number, value: Uint8Array): Buffer {
  const attribute = Buffer.alloc(aligned(ATTRIBUTE_HEADER + value.length));
  attribute.writeUInt16LE(ATTRIBUTE_HEADER + value.length, 0);
  attribute.writeUInt16LE(type, 2);
  attribute.set(value, ATTRIBUTE_HEADER);
  return attribute;
}

/** The attributes in `bytes` by their type, flags removed. A repeated one wins over the one before. */
export function decodeAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  return new Map(listAttributes(bytes));
}

/** The attributes in `bytes` in their order, flags removed: of use where one is a list of others. */
export function listAttributes(bytes: Buffer): readonly (readonly [type: number, value: Buffer])[] {
  const attributes: (readonly [number, Buffer])[] = [];
  for (let offset = 0; offset + ATTRIBUTE_HEADER <= bytes.length; ) {
    const length = bytes.readUInt16LE(offset);
    if (length < ATTRIBUTE_HEADER) break;
    const type = bytes.readUInt16LE(offset + 2) & ATTRIBUTE_TYPE_MASK;
    attributes.push([type, bytes.subarray(offset + ATTRIBUTE_HEADER, offset + length)]);
    offset += aligned(length);
  }
  return attributes;
}

/** A 32-bit number in host order; big-endian where the attribute is documented so. */
export function uint32(value: number, order: 'host' | 'network' = 'host'): Buffer {
  const bytes = Buffer.alloc(4);
  if (order === 'host') bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}

export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_DUMP = 0x300;

function encodeRequest({ type, flags, payload }: NetlinkRequest): Buffer {
  const message = Buffer.alloc(aligned(HEADER + payload.length));
  const isDump = (flags & NLM_F_DUMP) === NLM_F_DUMP;
  message.writeUInt32LE(HEADER + payload.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags | NLM_F_REQUEST | (isDump || type < FIRST_REAL_TYPE ? 0 : NLM_F_ACK), 6);
  message.set(payload, HEADER);
  return message;
}

interface AnswerReader {
  /** There once the kernel has said all. */
  readonly answer: NetlinkAnswer | undefined;
  read(datagram: Buffer, length: number): void;
}

function createAnswerReader(): AnswerReader {
  const messages: NetlinkMessage[] = [];
  let answer: NetlinkAnswer | undefined;
  return {
    get answer() {
      return answer;
    },
    read(datagram, length) {
      for (let offset = 0; offset + HEADER <= length && answer === undefined; ) {
        const size = datagram.readUInt32LE(offset);
        const type = datagram.readUInt16LE(offset + 4);
        if (size < HEADER || offset + size > length) throw malformed(size, length);
        // Copied: the buffer is used again for the next datagram.
        const payload = Buffer.from(datagram.subarray(offset + HEADER, offset + size));
        if (type === NLMSG_DONE || type === NLMSG_ERROR)
          answer = { errno: payload.length < 4 ? 0 : -payload.readInt32LE(0), messages };
        else messages.push({ type, payload });
        offset += aligned(size);
      }
    },
  };
}

/** Throws what the kernel refused, unless the errno is one of `accepted`: what was asked for is so already. */
export function expectAccepted(
  answer: NetlinkAnswer,
  operation: string,
  accepted: readonly string[] = [],
): void {
  if (answer.errno === 0) return;
  const name = errnoName(answer.errno);
  if (accepted.includes(name)) return;
  throw new NetError({
    code: 'ERR_NET_NETLINK',
    blame: 'local',
    message: `${operation} failed: ${name}`,
    cause: Object.assign(new Error(`${name} from the kernel`), { code: name }),
  });
}

function silent(call: string): NetError {
  return new NetError({
    code: 'ERR_NET_NETLINK',
    blame: 'local',
    message: `${call} on a netlink socket failed, or the kernel did not answer within a second`,
    retryable: true,
  });
}

function malformed(size: number, length: number): NetError {
  return new NetError({
    code: 'ERR_NET_NETLINK',
    blame: 'local',
    message: `a netlink message of ${size} bytes does not fit into the ${length} received`,
  });
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

if (endianness() !== 'LE') throw new Error('nodemesh knows little-endian machines only (x64, arm64)');

/** The kernel sends dumps in pieces of at most 32 KiB. */
const DUMP_BYTES = 0x1_0000;
const received = Buffer.alloc(DUMP_BYTES);
/** `struct timeval`. The kernel answers at once; waiting for ever would stop the whole process. */
const ONE_SECOND = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

const HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const ATTRIBUTE_TYPE_MASK = 0x3fff;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLMSG_ERROR = 0x2;
const NLMSG_DONE = 0x3;
/** Below it are netlink's own control messages, and nftables' batch marks. */
const FIRST_REAL_TYPE = 0x12;
