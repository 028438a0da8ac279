import koffi from 'koffi';
import { NetError } from '../errors.ts';
import { bindFunction, checkResult, lastErrno } from './libc.ts';

/** A packet as the kernel hands it out. Its descriptors are closed on exec, and are the receiver's to close. */
export interface ReceivedPacket {
  readonly bytes: Buffer;
  readonly descriptors: readonly number[];
  /** The packet was longer than what was asked for, or had more descriptors than there is room for here. */
  readonly cut: 'bytes' | 'descriptors' | undefined;
}

/** A local socket that keeps packets apart: non-blocking, closed on exec. The caller closes it. */
export function openPacketSocket(): number {
  return checkResult(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket of packets');
}

/** At once, or not at all: with a full queue of connects the errno is EAGAIN. Throws NetError. */
export function connectToPath(descriptor: number, path: string): void {
  const encoded = Buffer.alloc(PATH_OFFSET + LONGEST_PATH + 1);
  const name = Buffer.from(path);
  if (name.length > LONGEST_PATH)
    throw new NetError({
      code: 'ERR_NET_SYSTEM_CALL',
      blame: 'downstream',
      message: `the path of a local socket may have ${LONGEST_PATH} bytes, got ${name.length}: ${path}`,
    });
  encoded.writeUInt16LE(AF_UNIX, 0);
  encoded.set(name, PATH_OFFSET);
  checkResult(connect(descriptor, encoded, PATH_OFFSET + name.length + 1), `connect to ${path}`);
}

/** False where the other end has not taken what was sent before. Throws NetError. */
export function sendPacket(descriptor: number, packet: Uint8Array): boolean {
  if (send(descriptor, packet, packet.length, MSG_DONTWAIT | MSG_NOSIGNAL) !== -1) return true;
  if (lastErrno() === EAGAIN) return false;
  checkResult(-1, 'send of a packet');
  return false;
}

/** The next packet; undefined where there is none yet; 'end' where the other end is gone. Throws NetError. */
export function receivePacket(descriptor: number, mostBytes: number): ReceivedPacket | 'end' | undefined {
  const { memory, base } = scratch();
  memory.fill(0, 0, DATA);
  memory.writeBigUInt64LE(base + BigInt(VECTOR), IOV);
  memory.writeBigUInt64LE(1n, IOV_LENGTH);
  memory.writeBigUInt64LE(base + BigInt(CONTROL), MSG_CONTROL);
  memory.writeBigUInt64LE(BigInt(CONTROL_BYTES), MSG_CONTROL_LENGTH);
  memory.writeBigUInt64LE(base + BigInt(DATA), VECTOR);
  memory.writeBigUInt64LE(BigInt(Math.min(mostBytes, MOST_BYTES)), VECTOR_LENGTH);
  const length = recvmsg(descriptor, memory, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length === -1) {
    if (lastErrno() === EAGAIN) return undefined;
    checkResult(-1, 'recvmsg');
  }
  const flags = memory.readInt32LE(MSG_FLAGS);
  const descriptors = descriptorsIn(memory);
  // A packet of nothing looks the same as the end, and nobody sends one.
  if (length === 0 && descriptors.length === 0) return 'end';
  return {
    bytes: Buffer.from(memory.subarray(DATA, DATA + length)),
    descriptors,
    cut: (flags & MSG_TRUNC) !== 0 ? 'bytes' : (flags & MSG_CTRUNC) !== 0 ? 'descriptors' : undefined,
  };
}

function descriptorsIn(memory: Buffer): readonly number[] {
  const descriptors: number[] = [];
  const end = CONTROL + Number(memory.readBigUInt64LE(MSG_CONTROL_LENGTH));
  for (let offset = CONTROL; offset + CMSG_HEADER <= end; ) {
    const length = Number(memory.readBigUInt64LE(offset));
    if (length < CMSG_HEADER || offset + length > end) break;
    const isRights =
      memory.readInt32LE(offset + CMSG_LEVEL) === SOL_SOCKET &&
      memory.readInt32LE(offset + CMSG_TYPE) === SCM_RIGHTS;
    for (let at = offset + CMSG_HEADER; isRights && at + 4 <= offset + length; at += 4)
      descriptors.push(memory.readInt32LE(at));
    offset += (length + 7) & ~7;
  }
  return descriptors;
}

/**
 * `struct msghdr` points to other memory, so all of it is in one piece outside of V8's, whose address is known and stays.
 * One call at a time runs on this thread: they share it.
 */
function scratch(): { readonly memory: Buffer; readonly base: bigint } {
  if (shared === undefined) {
    const pointer: unknown = koffi.alloc('uint8_t', DATA + MOST_BYTES);
    shared = {
      memory: Buffer.from(koffi.view(pointer, DATA + MOST_BYTES)),
      base: koffi.address(pointer),
    };
  }
  return shared;
}

let shared: { readonly memory: Buffer; readonly base: bigint } | undefined;

const socket = bindFunction('int socket(int domain, int type, int protocol)');
const connect = bindFunction('int connect(int fd, const void *address, uint32_t length)');
const send = bindFunction('long send(int fd, const void *message, size_t length, int flags)');
const recvmsg = bindFunction('long recvmsg(int fd, void *message, int flags)');

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x8_0000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const EAGAIN = 11;

/** `struct sockaddr_un`. */
const PATH_OFFSET = 2;
const LONGEST_PATH = 107;

/** `struct msghdr` of 64-bit machines; the halves that C libraries leave out are zero. */
const IOV = 16;
const IOV_LENGTH = 24;
const MSG_CONTROL = 32;
const MSG_CONTROL_LENGTH = 40;
const MSG_FLAGS = 48;
/** `struct iovec`. */
const VECTOR = 56;
const VECTOR_LENGTH = VECTOR + 8;
/** `struct cmsghdr`. */
const CMSG_HEADER = 16;
const CMSG_LEVEL = 8;
const CMSG_TYPE = 12;
const CONTROL = 72;
/** Room for eight descriptors; what comes beyond them the kernel closes itself. */
const CONTROL_BYTES = CMSG_HEADER + 8 * 4;
const DATA = CONTROL + CONTROL_BYTES;
const MOST_BYTES = 0x1_0000;
