import { type Clock, MeshError } from '../../../src/base/index.ts';
import { HeaderList, type HttpRequest, type HttpResponse, NO_BODY } from '../../../src/http/index.ts';
import type { BackendTarget, Service } from '../../../src/model/index.ts';
import { createRetryLayer } from '../../../src/waypoint/layers/resilience/retry.ts';
import { createTimeoutLayer } from '../../../src/waypoint/layers/resilience/timeout.ts';
import { createConsumerRouteLayer } from '../../../src/waypoint/layers/routing/consumer-route.ts';
import { createCorsLayer } from '../../../src/waypoint/layers/routing/cors/cors.ts';
import {
  backendFiltersLayer,
  ruleFiltersLayer,
} from '../../../src/waypoint/layers/routing/headers-and-url.ts';
import { createMirrorLayer } from '../../../src/waypoint/layers/routing/mirror/mirror.ts';
import { createRouteLayer } from '../../../src/waypoint/layers/routing/route.ts';
import { createSessionLayer } from '../../../src/waypoint/layers/routing/session/session-persistence.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import { compose, type Handler } from '../../../src/waypoint/request/layer.ts';
import {
  createRouteTable,
  EMPTY_ROUTE_TABLE,
  type RouteTable,
} from '../../../src/waypoint/routing/route-table.ts';
import type { TestMesh } from '../../controller/support/mesh-of.ts';
import { CONFORMANCE_SETTINGS } from '../../controller/support/settings.ts';
import { makeService } from '../../model/mesh-fixtures.ts';
import { makeContext } from '../../waypoint/request-fixtures.ts';

/** What arrives at a backend: the service that was chosen (undefined: the pod that was dialled), and the request. */
export interface Arrival {
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  readonly request: HttpRequest;
}

export interface Sent {
  readonly response: HttpResponse;
  readonly arrivals: readonly Arrival[];
  readonly copies: readonly Arrival[];
}

/** What a client dials: a service, or undefined for a pod by its address. */
export interface Dialled {
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  readonly port: number;
  readonly clientNamespace: string;
}

/** The layers of routing and resilience around backends that answer as the suite's echo servers do, without sockets. */
export function routedMesh(mesh: TestMesh, clock: Clock) {
  const arrivals: Arrival[] = [];
  const copies: Arrival[] = [];
  const backendNoting = (list: Arrival[]): Handler => {
    return async (request, { backend }) => {
      list.push({ service: serviceOf(backend), request });
      const delay = /[?&]delay=(\d+)s/.exec(request.target)?.[1];
      if (delay !== undefined)
        await new Promise<void>((resolve) => clock.after(Number(delay) * 1_000, resolve));
      return { status: 200, headers: headersToSet(request), body: NO_BODY };
    };
  };
  const handler = compose(
    [
      createConsumerRouteLayer({}),
      createCorsLayer(),
      createRouteLayer(),
      createSessionLayer({ clock }),
      ruleFiltersLayer,
      createMirrorLayer({ clock, send: backendNoting(copies) }),
      createTimeoutLayer({ clock }),
      createRetryLayer({ clock }),
      backendFiltersLayer,
    ],
    backendNoting(arrivals),
  );
  const tables = new Map<string, RouteTable>();
  const tableFor = (service: Service, port: number): RouteTable => {
    const key = `${service.hostname}:${port}`;
    const table = tables.get(key) ?? createRouteTable([...mesh.collections.routes.values()], service, port);
    tables.set(key, table);
    return table;
  };

  return {
    async send(request: HttpRequest, { service: named, port, clientNamespace }: Dialled): Promise<Sent> {
      arrivals.splice(0);
      copies.splice(0);
      const service = named && modelOf(named);
      const routes = service === undefined ? EMPTY_ROUTE_TABLE : tableFor(service, port);
      const context = makeContext(
        { request, routes, port, clientNamespace, ...(service === undefined ? {} : { service }) },
        { startedMs: clock.monotonic() },
      );
      const response = await answered(request, () => handler(request, context));
      return { response, arrivals: [...arrivals], copies: [...copies] };
    },
    /** Objects have changed. */
    changed: () => tables.clear(),
  };
}

async function answered(request: HttpRequest, run: () => Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof MeshError) return failureResponse(request, error);
    throw error;
  }
}

function modelOf({ namespace, name }: { readonly namespace: string; readonly name: string }): Service {
  return makeService({
    namespace,
    name,
    hostname: `${name}.${namespace}.svc.${CONFORMANCE_SETTINGS.clusterDomain}`,
  });
}

function serviceOf(backend: BackendTarget | undefined): Arrival['service'] {
  if (backend?.kind !== 'service') return undefined;
  const [namespace = '', hostname = ''] = backend.service.split('/');
  return { namespace, name: hostname.split('.')[0] ?? '' };
}

/** `X-Echo-Set-Header: name:value, …` */
function headersToSet({ headers }: HttpRequest): HeaderList {
  const list = new HeaderList();
  for (const pair of (headers.joined('x-echo-set-header') ?? '').split(',')) {
    const [name = '', value = ''] = pair.split(':').map((part) => part.trim());
    if (name !== '') list.add(name, value);
  }
  return list;
}
