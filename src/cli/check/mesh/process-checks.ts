import { type CheckResult, resultsOf } from '../check-result.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning } = resultsOf('mesh');

/** The lab's own account of its processes, and whether each port answers. */
export function processChecks({ lab, ports }: MeshFacts): readonly CheckResult[] {
  if (lab === undefined) return [];
  if (!lab.mesh) return [failed('mesh', 'this lab has none', 'start it without --no-mesh')];
  return [controllerCheck(lab), ...ztunnelChecks(lab), ...waypointChecks(lab), ...portsChecks(ports)];
}

type LabStatus = NonNullable<MeshFacts['lab']>;

function controllerCheck({ controller }: LabStatus): CheckResult {
  if (controller?.pid === undefined)
    return failed(
      'controller',
      'does not run',
      'nodemesh lab start controller; why: nodemesh lab logs controller',
    );
  if (controller.restarts === 0) return ok('controller', 'runs');
  return warning('controller', `runs, after ${restarts(controller)}`, 'why: nodemesh lab logs controller');
}

function ztunnelChecks({ nodes }: LabStatus): readonly CheckResult[] {
  return nodes.map(({ name, ztunnel }) => {
    const title = `ztunnel of ${name}`;
    const log = `nodemesh lab logs ztunnel/${name}`;
    if (ztunnel?.pid === undefined)
      return failed(
        title,
        'does not run',
        `its pods' traffic stops: nodemesh lab start ztunnel ${name}; why: ${log}`,
      );
    if (!ztunnel.ready) return failed(title, 'is not ready', `why: ${log}`);
    if (ztunnel.restarts > 0) return warning(title, `ready, after ${restarts(ztunnel)}`, `why: ${log}`);
    return ok(title, ztunnel.draining === 0 ? 'ready' : `ready, ${ztunnel.draining} older draining`);
  });
}

function waypointChecks({ waypoints }: LabStatus): readonly CheckResult[] {
  return waypoints.map(({ namespace, name, pods, ready }) => {
    const title = `waypoint ${namespace}/${name}`;
    const seen = `${ready} of ${pods} pods ready`;
    if (ready > 0) return ok(title, seen);
    return failed(
      title,
      seen,
      `requests to its services are refused meanwhile; why: nodemesh waypoint status ${name} -n ${namespace}`,
    );
  });
}

/** One line for each part, however many of its ports are silent: mostly for one and the same reason. */
export function portsChecks(ports: MeshFacts['ports']): readonly CheckResult[] {
  const silent = ports.flatMap((port): readonly SilentPort[] => {
    const { part, what } = port;
    if ('error' in port) return [{ part, what, why: port.error }];
    return port.value < 400 ? [] : [{ part, what, why: `status ${port.value}` }];
  });
  if (silent.length === 0) return [ok('ports', `all ${ports.length} answer`)];
  return [...Map.groupBy(silent, ({ part }) => part)].map(([part, ofPart]) => {
    const what = ofPart.map((port) => port.what).join(', ');
    return failed(
      `ports of ${part}`,
      `${what} silent: ${ofPart[0]?.why ?? ''}`,
      `its log says why: ${logsOf(part)}`,
    );
  });
}

interface SilentPort {
  readonly part: string;
  readonly what: string;
  readonly why: string;
}

function logsOf(part: string): string {
  const [kind, namespace, name] = part.split('/');
  return kind === 'waypoint'
    ? `nodemesh lab logs -n ${namespace} deploy/${name}`
    : `nodemesh lab logs ${part}`;
}

function restarts({
  restarts: count,
  lastEnd,
}: {
  readonly restarts: number;
  readonly lastEnd: string | undefined;
}): string {
  const end = lastEnd === undefined ? '' : `, last end: ${lastEnd}`;
  return `${count} ${count === 1 ? 'restart' : 'restarts'}${end}`;
}
