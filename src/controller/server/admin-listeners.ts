import type { ClosableStack, Logger } from '../../base/index.ts';
import {
  type Facts,
  type AdminRoute,
  createAdminServer,
  type MetricsRegistry,
  type Readiness,
  registerProcessMetrics,
} from '../../telemetry/index.ts';
import { type ControllerConfig, isLoopback } from '../controller-config.ts';
import { operatorRoutes, publicRoutes } from './admin-routes.ts';
import { registerControllerMetrics } from './controller-metrics.ts';
import type { Mesh } from './mesh.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Serves what anybody may see, and on loopback what is for operators. Whatever was not asked for is undefined. */
export async function listenAdmin(
  mesh: Mesh,
  parts: {
    readonly config: Pick<ControllerConfig, 'adminListen' | 'operatorListen'>;
    readonly readiness: Readiness;
    readonly registry: MetricsRegistry;
    readonly version: string;
    readonly facts: Pick<Facts, 'proxies' | 'certificates'>;
    readonly log: Logger;
  },
  owned: ClosableStack,
): Promise<{ readonly admin: ListenAddress | undefined; readonly operator: ListenAddress | undefined }> {
  const { config, registry, readiness, log } = parts;
  registerProcessMetrics({ registry, component: 'controller', version: parts.version });
  registerControllerMetrics(registry, { ...mesh, facts: parts.facts });
  const context = { ...mesh, readiness, registry };
  const open = publicRoutes(context);
  const guarded = operatorRoutes(context);
  const listen = async (bind: ListenAddress | undefined, routes: readonly AdminRoute[]) =>
    bind && owned.own(createAdminServer({ routes, log })).listen(bind);
  const together = config.adminListen !== undefined && isLoopback(config.adminListen.host);
  return {
    admin: await listen(config.adminListen, together ? [...open, ...guarded] : open),
    // The mesh must not wait for a port that only an operator needs.
    operator: await listen(config.operatorListen, guarded).catch((error: unknown) => {
      log.error('operations are not served', { bind: config.operatorListen, error });
      return undefined;
    }),
  };
}
