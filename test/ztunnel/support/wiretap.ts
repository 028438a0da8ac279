import { openPacketCapture } from '../../../src/net/index.ts';
import type { TestNode } from './topology.ts';

/** Longer than frames wait to be read. */
const READ_ON_MS = 500;

/** Everything that crosses the wire between the nodes. */
export interface Wiretap {
  /** Stops and returns all bytes seen, as text of one byte a character. */
  stop(): Promise<string>;
}

/** Needs no program, so that it also works for ordinary users. */
export function tapWire(node: TestNode): Wiretap {
  const capture = openPacketCapture(node.netns.namespace, 'wire0');
  const frames: Uint8Array[] = [];
  let stopAtMs = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    for (;;) {
      const frame = await capture.receive();
      if (frame !== undefined) frames.push(frame);
      // Where others go on talking it is never quiet.
      if (frame === undefined ? stopAtMs < Number.POSITIVE_INFINITY : performance.now() > stopAtMs) return;
    }
  })();
  return {
    async stop() {
      // `receive` comes back empty when the wire has been quiet for a moment: by then all is read.
      stopAtMs = performance.now() + READ_ON_MS;
      await reading;
      capture.close();
      return Buffer.concat(frames).toString('latin1');
    },
  };
}
