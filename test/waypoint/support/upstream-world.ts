import type { AddressInfo, Server } from 'node:net';
import { type Clock, createBufferBudget, systemClock } from '../../../src/base/index.ts';
import { type HttpRequest, type HttpResponse, resolveHttpConfig } from '../../../src/http/index.ts';
import {
  type AppProtocol,
  createMeshView,
  type IpAddress,
  type MeshViewStore,
  type Service,
  type TrafficSettings,
  type Upstream,
  type Workload,
} from '../../../src/model/index.ts';
import { connectTcp, tcpByteStream } from '../../../src/net/index.ts';
import { createBalancingLeaf } from '../../../src/waypoint/layers/resilience/balancing.ts';
import { createCircuitBreakingLayer } from '../../../src/waypoint/layers/resilience/circuit-breaking.ts';
import { compose } from '../../../src/waypoint/request/layer.ts';
import type { RequestContext } from '../../../src/waypoint/request/request-context.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { createHttpConnector } from '../../../src/waypoint/upstream/connections/http-connector.ts';
import type { DialEndpoint, DialOptions } from '../../../src/waypoint/upstream/dial/dial-endpoint.ts';
import { NO_UPSTREAM_EVENTS, type UpstreamEvents } from '../../../src/waypoint/upstream/upstream-events.ts';
import { createUpstreams, type Upstreams } from '../../../src/waypoint/upstream/upstreams.ts';
import { ip, keyOf, makeService, makeWorkload, vip } from '../../model/mesh-fixtures.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';

/** What a test says about its world; everything else is usual. */
export interface WorldOptions {
  /** Of port 80 of the service. */
  readonly protocol?: AppProtocol;
  readonly tunnelled?: boolean;
  readonly settings?: Partial<TrafficSettings>;
  readonly clock?: Clock;
  readonly events?: Partial<UpstreamEvents>;
  readonly random?: () => number;
  readonly maximumIdleConnections?: number;
  /** Instead of a plain connection to where the endpoint listens. */
  dial?: DialEndpoint;
}

/** One service `cart` whose endpoints are real servers on this machine, and a waypoint's way to them. */
export interface UpstreamWorld {
  readonly view: MeshViewStore;
  readonly service: Service;
  readonly upstreams: Upstreams;
  readonly dials: readonly Dial[];
  settings: TrafficSettings;
  /** Listens, and is an endpoint from then on. */
  addEndpoint(name: string, server: Server, over?: Partial<Workload>): Promise<Workload>;
  removeEndpoint(workload: Workload): void;
  send(over?: SendOver): Promise<HttpResponse>;
  /** Sends, reads to the end and gives the text. */
  get(over?: SendOver): Promise<{ readonly status: number; readonly text: string; readonly by: string }>;
  close(): Promise<void>;
}

export interface Dial {
  readonly upstream: Upstream;
  readonly client: DialOptions['client'];
}

export interface SendOver {
  readonly request?: Parameters<typeof makeRequest>[0];
  readonly context?: Partial<RequestContext>;
  readonly clientAddress?: string;
}

export async function withUpstreams(
  options: WorldOptions,
  run: (world: UpstreamWorld) => Promise<void>,
): Promise<void> {
  const world = createWorld(options);
  try {
    await run(world);
  } finally {
    await world.close();
  }
}

function createWorld(options: WorldOptions): UpstreamWorld {
  const { protocol = 'http1', tunnelled = false, clock = systemClock, random = Math.random } = options;
  const view = createMeshView();
  const service = makeService({
    name: 'cart',
    addresses: [vip('10.96.0.1')],
    ports: [{ servicePort: 80, targetPort: 0, appProtocol: protocol }],
  });
  view.apply({ upsertServices: [service] });
  const servers: Server[] = [];
  const dials: Dial[] = [];
  const upstreams = createUpstreams({
    view,
    network: '',
    self: () => undefined,
    clock,
    random,
    events: { ...NO_UPSTREAM_EVENTS, ...options.events },
    maximumIdleConnections: options.maximumIdleConnections ?? 100,
    connectHttp: createHttpConnector({
      config: resolveHttpConfig(),
      clock,
      account: createBufferBudget().account(),
    }),
    async dial(upstream, dialOptions) {
      dials.push({ upstream, client: dialOptions.client });
      if (options.dial !== undefined) return options.dial(upstream, dialOptions);
      const { timeoutMs, signal } = dialOptions;
      const { address, targetPort: port } = upstream;
      return tcpByteStream(await connectTcp({ namespace: undefined, address, port, timeoutMs, signal }));
    },
  });
  const handler = compose([createCircuitBreakingLayer(upstreams)], createBalancingLeaf(upstreams));
  const world: UpstreamWorld = {
    view,
    service,
    upstreams,
    dials,
    settings: { ...DEFAULT_TRAFFIC_SETTINGS, ...options.settings },
    async addEndpoint(name, server, over = {}) {
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const workload = makeWorkload({
        name,
        addresses: [ip('127.0.0.1')],
        tunnelProtocol: tunnelled ? 'hbone' : 'none',
        services: new Map([[keyOf(service), [{ servicePort: 80, targetPort: port, appProtocol: protocol }]]]),
        ...over,
      });
      view.apply({ upsertWorkloads: [workload] });
      return workload;
    },
    removeEndpoint: ({ uid }) => view.apply({ removedAddresses: [uid] }),
    send({ request, context, clientAddress } = {}) {
      const made: HttpRequest = makeRequest(request);
      const base = makeContext({ request: made, service, settings: world.settings });
      const client = { ...base.client, address: ip(clientAddress ?? '10.0.0.9') as IpAddress };
      const backend = { kind: 'service', service: keyOf(service), port: 80 } as const;
      return handler(made, { ...base, client, backend, ...context });
    },
    async get(over) {
      const context = { record: makeContext().record, ...over?.context };
      const response = await world.send({ ...over, context });
      return {
        status: response.status,
        text: await textOf(response),
        by: context.record.upstream?.name ?? '',
      };
    },
    async close() {
      upstreams.destroy();
      for (const server of servers) {
        if ('closeAllConnections' in server)
          (server as { closeAllConnections(): void }).closeAllConnections();
        server.close();
      }
    },
  };
  return world;
}

export async function textOf({ body }: HttpResponse): Promise<string> {
  let text = '';
  for await (const chunk of body.stream ?? []) text += String(chunk);
  return text;
}
