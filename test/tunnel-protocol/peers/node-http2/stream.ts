import type { Http2Stream } from 'node:http2';
import { TunnelError } from '../../../../src/tunnel-protocol/errors.ts';
import type { TunnelStream } from '../../../../src/tunnel-protocol/session.ts';

/** An Http2Stream as a TunnelStream. */
export function adoptStream(stream: Http2Stream): TunnelStream {
  let ended = false;
  // A server stream that nobody has begun to read is closed by node as soon as its other half ends.
  stream.read(0);
  stream.on('end', () => {
    ended = !stream.aborted && stream.rstCode === 0;
  });
  stream.on('aborted', () => {
    stream.destroy(
      new TunnelError({
        code: 'ERR_TUNNEL_STREAM_RESET',
        blame: 'upstream',
        message: `the stream was cut with RST_STREAM code ${stream.rstCode}`,
      }),
    );
  });
  return {
    duplex: stream,
    id: stream.id ?? 0,
    get endedCleanly() {
      return ended;
    },
    reset(cause) {
      // destroy(err) sends RST_STREAM alone; close(code) would send END_STREAM first (design.md, Resets).
      stream.destroy(cause);
    },
  };
}
