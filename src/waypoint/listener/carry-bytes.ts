import type { Clock } from '../../base/index.ts';
import type { MeshView, WorkloadIdentity } from '../../model/index.ts';
import { splice } from '../../net/index.ts';
import {
  beginRecord,
  type ConnectionJournal,
  type ConnectionRecord,
  createCutter,
  joinStreams,
} from '../../proxy/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { DialledTarget } from '../request/request-context.ts';
import { dialledRef } from '../upstream/sending/backend-ref.ts';
import { openStream } from '../upstream/sending/open-stream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { PlainConnection } from './ports.ts';

export interface BytesCarrierDeps {
  readonly identity: WorkloadIdentity;
  readonly view: MeshView;
  readonly network: string;
  readonly upstreams: Upstreams;
  readonly journal: ConnectionJournal;
  readonly clock: Clock;
  planFor(dialled: DialledTarget): TargetPlan;
}

/** Carries connections that are not HTTP, each as a whole, to one endpoint. */
export function createBytesCarrier(deps: BytesCarrierDeps): (connection: PlainConnection) => Promise<void> {
  const { upstreams, view, network, clock, journal } = deps;
  return async (connection) => {
    const { client, dialled } = connection;
    const record = beginRecord(journal, clock.monotonic, {
      direction: 'inbound',
      protocol: 'HBONE',
      source: client,
      sourceWorkload: client.workload,
      sourceIdentity: client.identity,
      destinationIdentity: deps.identity,
      destination: dialled,
      service: dialled.service,
    });
    const cutter = createCutter();
    const onGone = (): void => cutter.cut(fromUnknown(connection.signal.reason));
    connection.signal.addEventListener('abort', onGone, { once: true });
    try {
      const { stream, workload } = await openStream(
        {
          backend: upstreams.backend(dialledRef(dialled, view, network)),
          settings: deps.planFor(dialled).traffic.settingsFor({ kind: 'default' }, undefined),
          client,
          signal: cutter.signal,
        },
        { dial: upstreams.deps.dial, clock },
      );
      record.learn({ destinationWorkload: workload });
      connection.signal.removeEventListener('abort', onGone);
      await carry(connection, stream, record, cutter);
    } catch (error) {
      const failure = cutter.cause ?? fromUnknown(error);
      connection.refuse(failure);
      record.ended({ bytesSent: 0, bytesReceived: 0, error: failure });
    }
  };
}

/** The client may have gone while its endpoint was dialled: then that connection must not be left behind. */
async function carry(
  connection: PlainConnection,
  upstream: Parameters<typeof joinStreams>[0]['upstream'],
  record: ConnectionRecord,
  cutter: ReturnType<typeof createCutter>,
): Promise<void> {
  let client: ReturnType<PlainConnection['accept']>;
  try {
    client = connection.accept();
  } catch (error) {
    upstream.reset(fromUnknown(error));
    throw error;
  }
  await joinStreams({ client, upstream, record, cutter, splice });
}
