import { resolve } from 'node:path';
import type { Test } from 'tap';
import { type LabUnderTest, runCommand, startLab } from '../../mesh/support/lab-under-test.ts';
import { ENROLLED, namespace, serviceAccount } from '../../mesh/support/objects.ts';
import type { CheckReport } from '../programs/checks.ts';
import { clientPod, deployment, service, WAYPOINT, waypointGateway } from './objects.ts';

export const SHOP = 'shop';
export const CLIENTS = 'clients';

/**
 * `NODEMESH_TEST_WITHOUT_WAYPOINT=1`: the same mesh without any waypoint, to see what a failure is a failure of. Tests of what
 * only waypoints do then fail.
 */
export const withoutWaypoint = process.env.NODEMESH_TEST_WITHOUT_WAYPOINT === '1';

/** A service behind a waypoint in one namespace, its clients in another, one on each node. */
export interface WaypointWorld {
  readonly lab: LabUnderTest;
  /** The service by its name, as Kubernetes resolves it. */
  readonly host: string;
  /** Runs a program of programs/ in a client pod to its end; rejects when it fails. Resolves with what it printed. */
  run(program: string, options: RunOptions, ...args: readonly string[]): Promise<string>;
  /** The same for a program that prints CheckReport lines; each check becomes a subtest. */
  check(t: Test, program: string, ...args: readonly string[]): Promise<void>;
}

export interface RunOptions {
  /** Default: the first. */
  readonly node?: number;
  readonly timeoutMs?: number;
}

export interface WorldOptions {
  readonly name: string;
  /** Default: 2. */
  readonly nodes?: number;
  /** What serves; default: programs/server.ts, in as many pods as `replicas` says. */
  readonly server?: readonly object[];
  /** Default: 1. */
  readonly replicas?: number;
  readonly more?: readonly object[];
  /** Limits of the waypoint, as its Gateway's annotation has them. Default: none. */
  readonly waypointFlags?: string;
  readonly upOptions?: readonly string[];
}

export async function startWaypointWorld(options: WorldOptions): Promise<WaypointWorld> {
  const { nodes = 2, replicas = 1 } = options;
  const server = options.server ?? [
    deployment({ namespace: SHOP, name: 'server', replicas, program: 'server.ts' }),
    service(SHOP, 'server', { app: 'server' }),
  ];
  const waypoint = withoutWaypoint ? {} : { 'istio.io/use-waypoint': WAYPOINT };
  const lab = await startLab(
    options.name,
    [
      namespace(SHOP, { ...ENROLLED, ...waypoint }),
      namespace(CLIENTS, ENROLLED),
      serviceAccount(CLIENTS, 'client'),
      ...(withoutWaypoint ? [] : [waypointGateway(SHOP, options.waypointFlags)]),
      ...server,
      ...Array.from({ length: nodes }, (_, index) =>
        clientPod(CLIENTS, `client-${index + 1}`, `node-${index + 1}`),
      ),
      ...(options.more ?? []),
    ],
    ['--nodes', String(nodes), ...(options.upOptions ?? [])],
  );
  const run: WaypointWorld['run'] = async (program, { node = 1, timeoutMs = 300_000 }, ...args) => {
    const path = resolve('test/waypoint-mesh/programs', program);
    const result = await runCommand(
      process.execPath,
      [
        ...[resolve('bin/nodemesh.js'), 'lab', 'exec', '--name', lab.name, '-n', CLIENTS, `client-${node}`],
        ...['--', 'node', path, ...args],
      ],
      timeoutMs,
    );
    if (result.code === 0) return result.stdout;
    throw new Error(
      `${program} ${args.join(' ')} exited with ${result.code}: ${result.stderr}${result.stdout}`,
    );
  };
  return {
    lab,
    host: `server.${SHOP}.svc.cluster.local`,
    run,
    async check(t, program, ...args) {
      const printed = await run(program, { timeoutMs: 300_000 }, ...args);
      const reports = printed
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as CheckReport);
      t.ok(reports.length > 0, `${program} has checked something`);
      for (const { name, error } of reports) t.equal(error, undefined, name);
    },
  };
}
