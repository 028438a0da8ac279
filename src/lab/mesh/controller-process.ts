import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROLLER_ADDRESSES, inNamespace } from '../network/index.ts';
import { type ManagedProcess, startManagedProcess } from './managed-process.ts';
import {
  CLUSTER_ID,
  CONTROLLER_ADMIN_PORT,
  CONTROLLER_NAME,
  CONTROLLER_NAMESPACE,
  CONTROLLER_PORT,
  type MeshContext,
  TRUST_DOMAIN,
} from './mesh-context.ts';

export const CONTROLLER_LOG = '_controller.log';

/** Starts the controller in its own namespace, which must be there. */
export function startController(context: MeshContext): ManagedProcess {
  const { paths, dashboards } = context;
  return startManagedProcess({
    name: 'controller',
    command: inNamespace(CONTROLLER_NAMESPACE, [
      ...context.program,
      'controller',
      ...['--manifests', paths.objects],
      ...['--ca-dir', paths.authority],
      ...['--jwks-file', paths.jwks],
      ...['--listen', `${CONTROLLER_ADDRESSES.ipv4}:${CONTROLLER_PORT}`],
      ...['--server-name', CONTROLLER_NAME],
      ...['--trust-domain', TRUST_DOMAIN],
      ...['--cluster-domain', 'cluster.local'],
      ...['--cluster-id', CLUSTER_ID],
      ...['--svid-ttl', context.svidTtl],
      ...['--waypoint-controller', `${CONTROLLER_ADDRESSES.ipv4}:${CONTROLLER_PORT}`],
      ...['--waypoint-log-level', context.logLevel],
      `--waypoint-flags=${context.telemetryFlags.join(' ')}`,
      ...(context.sideBySide ? ['--side-by-side'] : []),
      ...['--sink', `unix:${paths.socket}`],
      ...(dashboards.mesh === null ? [] : ['--dashboard-url', dashboards.mesh]),
      ...['--admin', `0.0.0.0:${CONTROLLER_ADMIN_PORT}`],
    ]),
    environment: context.environment,
    logFile: join(paths.logs, CONTROLLER_LOG),
    log: context.log,
  });
}

/** Resolves when the authority's root is on disk, which ztunnels need to trust the controller; false when it never comes. */
export async function waitForRootCertificate(path: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!existsSync(path)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
