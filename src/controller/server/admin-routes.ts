import type { Authority } from '../../identity/index.ts';
import {
  type AdminResponse,
  type AdminRoute,
  type MetricsRegistry,
  metricsRoutes,
  type Readiness,
  readinessRoute,
} from '../../telemetry/index.ts';
import type { DeltaServer } from '../../xds/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { ObjectSource } from '../sources/index.ts';
import type { ResourcePublisher } from './resource-publisher.ts';
import { revokeCertificate } from './revocation.ts';
import { rotateRoot } from './root-rotation.ts';

/** What the routes tell of, and act on. */
export interface AdminContext {
  readonly authority: Authority;
  readonly collections: MeshCollections;
  readonly server: DeltaServer;
  readonly publisher: ResourcePublisher;
  readonly source: ObjectSource;
  readonly readiness: Readiness;
  readonly registry: MetricsRegistry;
}

/** What anybody may see of the controller: nothing by which one would choose whom to attack. */
export function publicRoutes({ readiness, registry, authority }: AdminContext): readonly AdminRoute[] {
  return [
    readinessRoute(readiness),
    ...metricsRoutes(registry),
    get('/ca/roots', 'the root certificates and the states they are in', () => authority.roots()),
  ];
}

/**
 * What only an operator may see and do; to be served on loopback addresses alone. Pods reach the other ones: they must
 * neither rotate the root, nor revoke certificates, nor read who is guarded by which policy.
 */
export function operatorRoutes(context: AdminContext): readonly AdminRoute[] {
  const { collections, authority, server, source } = context;
  return [
    get('/debug/proxies', 'connected proxies and what they have acknowledged', () => server.proxies()),
    get('/debug/problems', 'what is wrong with the manifests', () => source.problems()),
    get('/debug/workloads', 'workloads as proxies see them', () =>
      [...collections.podWorkloads.values(), ...collections.otherWorkloads.values()].map((workload) => ({
        ...workload,
        services: Object.fromEntries(workload.services),
      })),
    ),
    get('/debug/services', 'services as proxies see them', () =>
      [...collections.services.values()].map(({ service }) => service),
    ),
    get('/debug/policies', 'L4 policies as proxies see them, with what their authors should know', () => [
      ...[...collections.policies.values()].map(({ policy, warning }) => ({ policy, warning })),
      ...[...collections.peerPolicies.values()].map((policy) => ({ policy })),
    ]),
    get('/debug/enrolments', 'pods that are to be enrolled, with their nodes', () => [
      ...collections.enrolments.values(),
    ]),
    {
      method: 'POST',
      path: '/ca/rotate-root',
      summary: 'rotate the root: ?step=add, then ?step=activate, then ?step=remove (&force=true) [&name=…]',
      handle: ({ query }) => rotateRoot(authority, query),
    },
    get('/ca/revoked', 'the serial numbers of revoked certificates', () => authority.revoked()),
    {
      method: 'POST',
      path: '/ca/revoke',
      summary:
        'revoke the certificate with ?serial=HEX; its workload gets another, whoever else has it is refused',
      handle: ({ query }) => revokeCertificate(context, query),
    },
  ];
}

function get(path: string, summary: string, body: () => unknown): AdminRoute {
  return { method: 'GET', path, summary, handle: (): AdminResponse => ({ body: body() }) };
}
