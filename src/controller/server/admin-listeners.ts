import type { ClosableStack, Logger } from '../../base/index.ts';
import {
  type AdminRoute,
  createAdminServer,
  type MetricsRegistry,
  type Readiness,
  registerProcessMetrics,
} from '../../telemetry/index.ts';
import { type ControllerConfig, isLoopback } from '../controller-config.ts';
import { adminRoutes, operatorRoutes } from './admin-routes.ts';
import { registerControllerMetrics } from './controller-metrics.ts';
import type { Mesh } from './mesh.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Serves what may be seen, and on loopback what may be done. Whatever was not asked for is undefined. */
export async function listenAdmin(
  mesh: Mesh,
  parts: {
    readonly config: Pick<ControllerConfig, 'adminListen' | 'operatorListen'>;
    readonly readiness: Readiness;
    readonly registry: MetricsRegistry;
    readonly version: string;
    readonly log: Logger;
  },
  owned: ClosableStack,
): Promise<{ readonly admin: ListenAddress | undefined; readonly operator: ListenAddress | undefined }> {
  const { config, registry, readiness, log } = parts;
  registerProcessMetrics({ registry, component: 'controller', version: parts.version });
  registerControllerMetrics(registry, mesh);
  const seen = adminRoutes({ ...mesh, readiness, registry });
  const done = operatorRoutes(mesh.authority);
  const listen = async (bind: ListenAddress | undefined, routes: readonly AdminRoute[]) =>
    bind && owned.own(createAdminServer({ routes, log })).listen(bind);
  const together = config.adminListen !== undefined && isLoopback(config.adminListen.host);
  return {
    admin: await listen(config.adminListen, together ? [...seen, ...done] : seen),
    // The mesh must not wait for a port that only an operator needs.
    operator: await listen(config.operatorListen, done).catch((error: unknown) => {
      log.error('operations are not served', { bind: config.operatorListen, error });
      return undefined;
    }),
  };
}
