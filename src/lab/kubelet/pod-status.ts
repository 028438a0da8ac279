import { isDeepStrictEqual } from 'node:util';
import {
  type Condition,
  type ContainerStatus,
  type PodPhase,
  type PodStatus,
  withCondition,
} from '../cluster/objects/index.ts';

/** How far a pod's containers are. */
export interface PodProgress {
  readonly containers: readonly ContainerStatus[];
  readonly initContainers: readonly ContainerStatus[];
  readonly initialized: boolean;
  /** Set once nothing will run any more. */
  readonly outcome: 'Succeeded' | 'Failed' | undefined;
  /** Names of all containers, also of those that have not been started. */
  readonly expected: number;
}

/** The status of a pod after its containers' progress. Returns the same object when nothing has changed. Pure but for times. */
export function podStatus(before: PodStatus, progress: PodProgress): PodStatus {
  const { containers, initContainers, initialized, outcome, expected } = progress;
  const started = containers.length === expected && expected > 0;
  const allReady = started && outcome === undefined && containers.every(({ ready }) => ready);
  const phase: PodPhase = outcome ?? (started && containers.some(hasRun) ? 'Running' : 'Pending');
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const readiness: Pick<Condition, 'status' | 'reason' | 'message'> = allReady
    ? { status: 'True' }
    : {
        status: 'False',
        reason: 'ContainersNotReady',
        message: `unready: ${unready.join(', ') || 'not started'}`,
      };
  let conditions = before.conditions;
  conditions = withCondition(conditions, { type: 'Initialized', status: initialized ? 'True' : 'False' });
  conditions = withCondition(conditions, { type: 'nodemesh.io/Started', status: started ? 'True' : 'False' });
  conditions = withCondition(conditions, { type: 'ContainersReady', ...readiness });
  conditions = withCondition(conditions, { type: 'Ready', ...readiness });
  const status: PodStatus = {
    ...before,
    phase,
    conditions,
    containerStatuses: containers,
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: initContainers }),
  };
  return isDeepStrictEqual(status, before) ? before : status;
}

function hasRun({ state, restartCount }: ContainerStatus): boolean {
  return state.running !== undefined || state.terminated !== undefined || restartCount > 0;
}
