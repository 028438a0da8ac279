import { ipAddressFromBytes } from '../../model/index.ts';

/** One packet as people read it. */
export interface TcpPacket {
  /** `address.port`, as tcpdump writes it. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: string;
  readonly payload: Uint8Array;
}

const ETHERNET_BYTES = 14;
const TYPE_OFFSET = 12;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const IPV6_BYTES = 40;
const PROTOCOL_TCP = 6;
const SMALLEST_TCP_BYTES = 20;
/** By bit of the flags' byte (RFC 9293 §3.1); ACK is written as a dot. */
const FLAGS = ['F', 'S', 'R', 'P', '.', 'U'] as const;

/** Undefined for everything that is not TCP over IP, and for what is cut short. Never throws. */
export function decodeTcpPacket(frame: Uint8Array): TcpPacket | undefined {
  if (frame.length < ETHERNET_BYTES) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = view.getUint16(TYPE_OFFSET);
  if (type === TYPE_IPV4) return decodeIpv4(frame, view);
  return type === TYPE_IPV6 ? decodeIpv6(frame, view) : undefined;
}

/** A line as tcpdump prints it, then the payload with what is not printable as dots. */
export function formatTcpPacket(packet: TcpPacket, time: Date): string {
  const { source, destination, flags, payload } = packet;
  const head = `${time.toISOString().slice(11, 23)} IP ${source} > ${destination}: Flags [${flags}], length ${payload.length}\n`;
  if (payload.length === 0) return head;
  return `${head}${Buffer.from(payload)
    .toString('latin1')
    .replaceAll(/[^\t\n\r\x20-\x7e]/g, '.')
    .trimEnd()}\n`;
}

function decodeIpv4(frame: Uint8Array, view: DataView): TcpPacket | undefined {
  const start = ETHERNET_BYTES;
  if (frame.length < start + 20) return undefined;
  const headerBytes = ((frame[start] ?? 0) & 0xf) * 4;
  if (frame[start + 9] !== PROTOCOL_TCP) return undefined;
  return decodeTcp(frame, view, {
    start: start + headerBytes,
    // Short frames are padded: the header knows where the packet ends.
    end: start + view.getUint16(start + 2),
    source: frame.subarray(start + 12, start + 16),
    destination: frame.subarray(start + 16, start + 20),
  });
}

function decodeIpv6(frame: Uint8Array, view: DataView): TcpPacket | undefined {
  const start = ETHERNET_BYTES;
  if (frame.length < start + IPV6_BYTES || frame[start + 6] !== PROTOCOL_TCP) return undefined;
  return decodeTcp(frame, view, {
    start: start + IPV6_BYTES,
    end: start + IPV6_BYTES + view.getUint16(start + 4),
    source: frame.subarray(start + 8, start + 24),
    destination: frame.subarray(start + 24, start + 40),
  });
}

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function decodeTcp(
  frame: Uint8Array,
  view: DataView,
  { start, end, source, destination }: Segment,
): TcpPacket | undefined {
  if (frame.length < start + SMALLEST_TCP_BYTES) return undefined;
  const sourcePort = view.getUint16(start);
  const destinationPort = view.getUint16(start + 2);
  const headerBytes = ((frame[start + 12] ?? 0) >> 4) * 4;
  const bits = frame[start + 13] ?? 0;
  return {
    source: `${ipAddressFromBytes(source)}.${sourcePort}`,
    destination: `${ipAddressFromBytes(destination)}.${destinationPort}`,
    sourcePort,
    destinationPort,
    flags: FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(''),
    payload: frame.subarray(start + headerBytes, Math.max(start + headerBytes, Math.min(end, frame.length))),
  };
}
