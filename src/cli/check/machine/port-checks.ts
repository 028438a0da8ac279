import { type CheckResult, resultsOf } from '../check-result.ts';
import type { Machine } from './machine.ts';

const { ok, warning } = resultsOf('machine');

const PORTS: readonly (readonly [port: number, use: string])[] = [
  [15_012, 'controller: proxies'],
  [15_014, 'controller: metrics'],
  [8_080, 'controller: dashboard'],
  [15_000, 'admin'],
  [15_008, 'HBONE'],
  [15_020, 'metrics'],
  [15_021, 'readiness'],
  [15_022, 'dashboard of a node'],
];

/** The mesh's ports on this machine. A lab does not need them: its processes have networks of their own. */
export async function portChecks(machine: Machine): Promise<readonly CheckResult[]> {
  const taken: string[] = [];
  for (const [port, use] of PORTS) if (!(await machine.isFree(port))) taken.push(`${port} (${use})`);
  if (taken.length === 0) return [ok('ports', `${PORTS.map(([port]) => port).join(', ')} are free`)];
  return [
    warning(
      'ports',
      `in use: ${taken.join(', ')}`,
      'no matter to a lab; a controller or proxy run by hand here needs other ports (docs/config.md)',
    ),
  ];
}
