import { openPacketCapture } from '../../../src/net/index.ts';
import type { TestNode } from './topology.ts';

/** Everything that crosses the wire between the nodes. */
export interface Wiretap {
  /** Stops and returns all bytes seen, as text of one byte a character. */
  stop(): Promise<string>;
}

/** Needs no program, so that it also works for ordinary users. */
export function tapWire(node: TestNode): Wiretap {
  const capture = openPacketCapture(node.netns.namespace, 'wire0');
  const frames: Uint8Array[] = [];
  let stopping = false;
  const reading = (async () => {
    for (;;) {
      const frame = await capture.receive();
      if (frame !== undefined) frames.push(frame);
      else if (stopping) return;
    }
  })();
  return {
    async stop() {
      // `receive` comes back empty when the wire has been quiet for a moment: by then all is read.
      stopping = true;
      await reading;
      capture.close();
      return Buffer.concat(frames).toString('latin1');
    },
  };
}
