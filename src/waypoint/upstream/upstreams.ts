import type { Closable } from '../../base/index.ts';
import type { TrafficSettings } from '../../model/index.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { Backend } from './backend.ts';
import { createBackendRegistry } from './backend-registry.ts';
import { createIdleList } from './connections/idle-list.ts';
import type { BackendRef } from './endpoints/known-endpoints.ts';
import { type BackendDump, dumpBackend, dumpUnused } from './endpoint-dump.ts';
import { backendRef } from './sending/backend-ref.ts';
import { unknownBackend } from './sending/unknown-backend.ts';
import type { UpstreamDeps } from './upstream-deps.ts';

/** The ways out of the waypoint: backends, their endpoints and the connections to them. `close` lets what runs end. */
export interface Upstreams extends Closable {
  /** Where a request goes, and what holds on the way. Throws ERR_WAYPOINT_NO_ENDPOINT and ERR_WAYPOINT_INVALID_BACKEND. */
  forRequest(context: RequestContext): Way;
  /** Throws ERR_WAYPOINT_NO_ENDPOINT where the mesh does not know it. */
  backend(ref: BackendRef): Backend;
  /** Those in use and, without a word about requests, those of `possible` that are not; by name. */
  dump(possible?: readonly BackendRef[]): readonly BackendDump[];
  readonly deps: UpstreamDeps;
}

/** The way out for one request. */
export interface Way {
  readonly backend: Backend;
  readonly settings: TrafficSettings;
}

/** Follows the mesh; opens nothing before the first request. */
export function createUpstreams(deps: UpstreamDeps): Upstreams {
  const { view, network } = deps;
  const registry = createBackendRegistry(deps, createIdleList(deps.maximumIdleConnections));
  const unsubscribe = view.changes.subscribe((change) => registry.follow(change));

  function backend(ref: BackendRef): Backend {
    const found = registry.find(ref);
    if (found === undefined) throw unknownBackend(ref);
    return found;
  }

  return {
    deps,
    backend,
    forRequest(context) {
      return {
        backend: backend(backendRef(context, view, network)),
        settings: context.plan.traffic.settingsFor(context.route(), context.backend),
      };
    },
    dump: (possible = []) =>
      [
        ...registry.all().map((known) => dumpBackend(known, deps)),
        ...possible.filter((ref) => !registry.has(ref)).map((ref) => dumpUnused(ref, deps)),
      ].sort((a, b) => (a.backend < b.backend ? -1 : 1)),
    async close() {
      unsubscribe();
      for (const known of registry.all()) known.retire();
    },
    destroy(cause = new Error('the waypoint is going')) {
      unsubscribe();
      for (const known of registry.all()) known.destroy(cause);
    },
  };
}
