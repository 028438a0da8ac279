import type { ByteStream } from '../../base/index.ts';
import { splice } from '../../net/index.ts';
import type { RequestRecord } from './request-record.ts';

/** Carries an upgraded connection until both of its halves are closed. Throws what cut it. */
export async function joinUpgrade(
  client: ByteStream,
  upstream: ByteStream,
  record: RequestRecord,
): Promise<void> {
  const copy = splice(client, upstream);
  const outcome = await copy.done;
  record.requestBytes += copy.bytesAToB;
  record.responseBytes += copy.bytesBToA;
  if (!outcome.ok) throw outcome.error;
}
