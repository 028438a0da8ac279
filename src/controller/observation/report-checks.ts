import type { ObservationReport, TrafficEdge } from '../../model/index.ts';
import { ControllerError } from '../errors.ts';

/** A node sees the ends of a connection, and a waypoint its own part. */
export function checkReporters({ proxy, batch }: ObservationReport): void {
  const isWaypoint = proxy.startsWith('waypoint/');
  const isPossible = (reporter: TrafficEdge['reporter']): boolean => (reporter === 'waypoint') === isWaypoint;
  const reporters = [
    ...batch.slots.map(({ edge }) => edge.reporter),
    ...batch.refusals.map(({ reporter }) => reporter),
    ...batch.flows.map(({ reporter }) => reporter),
  ];
  const foreign = reporters.find((reporter) => !isPossible(reporter));
  if (foreign === undefined) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_REPORT',
    blame: 'downstream',
    message: `${proxy} cannot have seen traffic as its ${foreign}: expected ${isWaypoint ? 'waypoint' : 'source or destination'}`,
  });
}

/** A waypoint is believed before all others, so it may speak for what is of its own namespace alone. */
export function checkWaypoint({ proxy, batch, state }: ObservationReport): void {
  const [kind, namespace] = proxy.split('/');
  if (kind !== 'waypoint') return;
  const named = [
    ...batch.slots.map(({ edge }) => edge.waypoint),
    ...batch.flows.map(({ waypoint }) => waypoint),
    ...(state?.waypoint === undefined ? [] : [`${state.waypoint.namespace}/${state.waypoint.name}`]),
  ];
  const foreign = named.find((waypoint) => !waypoint.startsWith(`${namespace}/`));
  if (foreign === undefined) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_REPORT',
    blame: 'downstream',
    message: `${proxy} cannot speak for the waypoint ${foreign || 'without a name'}: expected one of the namespace ${namespace}`,
  });
}

/** ERR_CONTROLLER_SCOPE. */
export function notItsOwn({ proxy }: ObservationReport, caller: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_SCOPE',
    blame: 'downstream',
    message: `expected what ${caller} has seen itself, got what ${proxy} has seen`,
  });
}
