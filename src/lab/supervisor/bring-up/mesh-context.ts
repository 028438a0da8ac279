import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../base/index.ts';
import type { MeshContext, TokenIssuer } from '../../mesh/index.ts';
import type { LabNetwork } from '../../network/index.ts';
import { SOCKET_FILE, type SupervisorConfig } from '../../state/index.ts';
import type { LabDashboards } from '../lab.ts';
import type { Directories } from './directories.ts';

/** What the mesh's processes are started with. Writes the keys that the controller checks tokens with. */
export function meshContext({
  config,
  directories,
  network,
  tokens,
  dashboards,
  log,
}: {
  readonly config: SupervisorConfig;
  readonly directories: Directories;
  readonly network: LabNetwork;
  readonly tokens: TokenIssuer;
  readonly dashboards: LabDashboards;
  readonly log: Logger;
}): MeshContext {
  const jwks = join(config.stateDirectory, 'jwks.json');
  writeFileSync(jwks, JSON.stringify(tokens.jwks));
  const run = '/run/nodemesh';
  mkdirSync(run, { recursive: true, mode: 0o700 });
  return {
    program: config.program,
    environment: config.environment,
    network,
    tokens,
    paths: {
      objects: directories.objects,
      authority: directories.authority,
      rootCertificate: join(directories.authority, 'root-cert.pem'),
      jwks,
      tokens: directories.tokens,
      logs: directories.logs,
      socket: join(config.stateDirectory, SOCKET_FILE),
      run,
    },
    sideBySide: config.sideBySide,
    svidTtl: config.svidTtl,
    logLevel: config.logLevel,
    telemetryFlags: config.telemetryFlags,
    dashboards,
    log,
  };
}
