import type { Writable } from 'node:stream';
import { openNamespace, openPacketCapture } from '../../net/index.ts';
import { decodeTcpPacket, formatTcpPacket, type TcpPacket } from './packet-text.ts';

/** Where packets are watched, which, and where the text goes. */
export interface CaptureOptions {
  /** Name below /run/netns. */
  readonly namespace: string;
  readonly interfaceName: string;
  /** Only packets that it takes. */
  readonly accepts: (packet: TcpPacket) => boolean;
  readonly output: Writable;
}

/** Writes the TCP packets that pass an interface as text, until `output` is closed. Throws NetError. */
export async function capturePackets({
  namespace,
  interfaceName,
  accepts,
  output,
}: CaptureOptions): Promise<void> {
  const opened = openNamespace(`/run/netns/${namespace}`);
  try {
    const capture = openPacketCapture(opened, interfaceName);
    output.once('close', () => capture.close());
    while (!output.destroyed) {
      const frame = await capture.receive();
      const packet = frame === undefined ? undefined : decodeTcpPacket(frame);
      // A reader that is too slow misses packets, as it would with tcpdump.
      if (packet !== undefined && accepts(packet) && !output.writableNeedDrain && !output.destroyed)
        output.write(formatTcpPacket(packet, new Date()));
    }
  } finally {
    opened.close();
  }
}

/** Nothing: every packet; `port N`: that port on either side. Undefined for filters that only tcpdump understands. */
export function simpleFilter(words: readonly string[]): ((packet: TcpPacket) => boolean) | undefined {
  const text = words.join(' ').trim();
  if (text === '' || text === 'tcp') return () => true;
  const port = /^(?:tcp )?port (\d{1,5})$/.exec(text)?.[1];
  if (port === undefined) return undefined;
  return ({ sourcePort, destinationPort }) => sourcePort === Number(port) || destinationPort === Number(port);
}
