import { closeSync } from 'node:fs';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { bindFunction, checkResult } from '../system/libc.ts';
import { receiveMessageOffThread, setSocketOptionBytes } from '../system/socket-calls.ts';

/** What passes one interface, both ways, as the wire has it. */
export interface PacketCapture {
  /** The next frame from its Ethernet header on, or undefined when none came for a moment or the capture is closed. */
  receive(): Promise<Uint8Array | undefined>;
  /** Idempotent. A `receive` that waits ends within a moment. */
  close(): void;
}

/** Listens to an interface of `namespace`. Needs CAP_NET_RAW there, and no program. Throws NetError. */
export function openPacketCapture(namespace: NetNamespace, interfaceName: string): PacketCapture {
  const descriptor = namespace.inside(() => open(interfaceName));
  const buffer = Buffer.alloc(LONGEST_FRAME);
  let waiting: Promise<number> | undefined;
  let isOpen = true;
  const release = (): void => closeSync(descriptor);
  return {
    async receive() {
      if (!isOpen) return undefined;
      waiting = receiveMessageOffThread(descriptor, buffer);
      const length = await waiting;
      waiting = undefined;
      if (isOpen) return length > 0 ? Uint8Array.from(buffer.subarray(0, length)) : undefined;
      release();
      return undefined;
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      // A descriptor that a thread waits on is closed by whoever waits, or its number might be another's by then.
      if (waiting === undefined) release();
    },
  };
}

function open(interfaceName: string): number {
  const index = nameToIndex(interfaceName);
  const descriptor = checkResult(
    socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, ETH_P_ALL_IN_NETWORK_ORDER),
    'packet socket',
  );
  try {
    if (index === 0) checkResult(-1, `finding the interface ${interfaceName}`);
    setSocketOptionBytes(descriptor, 'receiveTimeout', receiveTimeout());
    const address = Buffer.alloc(SOCKADDR_LL_BYTES);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16LE(ETH_P_ALL_IN_NETWORK_ORDER, 2);
    address.writeInt32LE(index, 4);
    checkResult(bind(descriptor, address, address.length), `bind of a packet socket to ${interfaceName}`);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/** struct timeval: seconds, microseconds. */
function receiveTimeout(): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigInt64LE(BigInt(WAIT_MS * 1_000), 8);
  return value;
}

const socket = bindFunction('int socket(int domain, int type, int protocol)');
const bind = bindFunction('int bind(int fd, const void *address, uint32_t length)');
const nameToIndex = bindFunction('unsigned int if_nametoindex(const char *name)');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x8_0000;
const ETH_P_ALL_IN_NETWORK_ORDER = 0x0300;
const SOCKADDR_LL_BYTES = 20;
/** GSO frames can be this long. */
const LONGEST_FRAME = 0x1_0040;
const WAIT_MS = 200;
