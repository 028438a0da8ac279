import type { ByteStream, Clock, MeshError } from '../../base/index.ts';
import { detectTls, type TlsGreeting } from '../../http/index.ts';
import type { BackendTarget, MeshView, WorkloadIdentity } from '../../model/index.ts';
import { splice } from '../../net/index.ts';
import {
  beginRecord,
  type ConnectionJournal,
  type ConnectionRecord,
  createCutter,
  joinStreams,
  type RefusalTeller,
} from '../../proxy/index.ts';
import type { TunnelRefusal } from '../../tunnel-protocol/index.ts';
import type { Tracer } from '../../telemetry/index.ts';
import { deniedUnread } from '../authorization/denial.ts';
import type { JudgeConnection } from '../authorization/judge-connection.ts';
import type { LiveConnections } from '../authorization/live-connections.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { TelemetryOf } from '../observation/telemetry-lookup.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { DialledTarget } from '../request/request-parties.ts';
import { streamTarget } from '../routing/stream-target.ts';
import { backendRef } from '../upstream/sending/backend-ref.ts';
import { openStream } from '../upstream/sending/open-stream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { PlainConnection } from './ports.ts';

/** What carrying a connection needs of the waypoint. */
export interface BytesCarrierDeps {
  readonly identity: WorkloadIdentity;
  readonly view: MeshView;
  readonly network: string;
  readonly upstreams: Upstreams;
  readonly journal: ConnectionJournal;
  readonly refusals: RefusalTeller;
  readonly tracer: Tracer;
  /** Default: as the process's flags say. */
  readonly telemetryOf?: TelemetryOf;
  readonly clock: Clock;
  readonly judge: JudgeConnection;
  readonly live: Pick<LiveConnections, 'follow'>;
  planFor(dialled: DialledTarget): TargetPlan;
}

/**
 * Carries connections that are not HTTP, each as a whole: to one endpoint of the backend that its TCPRoute or TLSRoute says,
 * else of the service that was dialled.
 */
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
      trace: deps.tracer.begin(client.trace, undefined, deps.telemetryOf?.(dialled.service).tracing),
      servicePort: dialled.port,
    });
    const cutter = createCutter();
    const onGone = (): void => cutter.cut(fromUnknown(connection.signal.reason));
    connection.signal.addEventListener('abort', onGone, { once: true });
    const accepted = acceptOnce(connection);
    let release = (): void => undefined;
    try {
      const plan = deps.planFor(dialled);
      if (hidesRequests(connection, plan)) throw deniedUnread(dialled);
      const greeting = await greetingOf(connection, plan, { accept: accepted.stream, clock });
      const sni = greeting.serverName ?? '';
      const admission = await deps.judge({ client, dialled, plan, signal: cutter.signal, sni });
      release = deps.live.follow({ ...admission, dialled, cut: cutter.cut });
      const target = routeBytes(connection, plan, greeting);
      const { stream, workload } = await openStream(
        {
          backend: upstreams.backend(backendRef({ backend: target, dialled }, view, network)),
          settings: plan.traffic.settingsFor({ kind: 'default' }, target),
          client,
          trace: record.details.trace,
          signal: cutter.signal,
        },
        { dial: upstreams.deps.dial, clock },
      );
      record.learn({ destinationWorkload: workload });
      connection.signal.removeEventListener('abort', onGone);
      await carry(accepted.stream, stream, record, cutter);
    } catch (error) {
      const failure = cutter.cause ?? fromUnknown(error);
      accepted.refuse(failure, () => {
        const told = deps.refusals.tell(failure);
        record.learn({ refusalId: told.id });
        return told;
      });
      record.ended({ bytesSent: 0, bytesReceived: 0, error: failure });
    } finally {
      release();
    }
  };
}

/**
 * What a connection begins with is its client's choice, and a server may find a request where the waypoint found none: late, or
 * in a form that HTTP does not have. Where tokens are to be checked or filters to see requests, nothing goes on unread but
 * where the port says that it is no HTTP.
 */
function hidesRequests({ firstBytes }: PlainConnection, { authentication, filters }: TargetPlan): boolean {
  if (firstBytes !== 'silent' && firstBytes !== 'other') return false;
  return authentication.rules.length > 0 || filters.of({ kind: 'default' }).objects.length > 0;
}

/** What a connection says about TLS, as far as a route or policy wants to know. */
async function greetingOf(
  { firstBytes }: PlainConnection,
  { streams, authorization }: TargetPlan,
  { accept, clock }: { readonly accept: () => ByteStream; readonly clock: Clock },
): Promise<TlsGreeting> {
  const mayBeTls = firstBytes === undefined || firstBytes === 'tls';
  if (!mayBeTls || !(streams.looksAtTls || authorization.looksAtServerName)) return NO_GREETING;
  return detectTls(accept(), { clock });
}

/** Where the routes of the service send a connection. Undefined: where it was dialled. */
function routeBytes(
  { client, dialled }: PlainConnection,
  { streams }: TargetPlan,
  greeting: TlsGreeting,
): BackendTarget | undefined {
  if (dialled.kind === 'workload') return undefined;
  const selection = streams.select({ clientNamespace: client.identity.namespace, ...greeting });
  return streamTarget(selection, dialled.service);
}

/** The client's stream, taken once; a connection that was taken can only be reset. */
function acceptOnce(connection: PlainConnection): {
  stream(): ByteStream;
  refuse(failure: MeshError, tell: () => TunnelRefusal): void;
} {
  let taken: ByteStream | undefined;
  return {
    stream() {
      taken ??= connection.accept();
      return taken;
    },
    refuse(failure, tell) {
      if (taken === undefined) connection.refuse(failure, tell());
      else taken.reset(failure);
    },
  };
}

/** The client may have gone while its endpoint was dialled: then that connection must not be left behind. */
async function carry(
  accept: () => ByteStream,
  upstream: ByteStream,
  record: ConnectionRecord,
  cutter: ReturnType<typeof createCutter>,
): Promise<void> {
  let client: ByteStream;
  try {
    client = accept();
  } catch (error) {
    upstream.reset(fromUnknown(error));
    throw error;
  }
  await joinStreams({ client, upstream, record, cutter, splice });
}

const NO_GREETING: TlsGreeting = { isTls: false, serverName: undefined };
