import type { DeploymentObject } from '../cluster/objects/index.ts';

/** A ReplicaSet as a rollout sees it. */
export interface RolloutSet {
  readonly name: string;
  /** What it is asked to run. */
  readonly replicas: number;
  readonly ready: number;
  /** Pods that exist, those being deleted included. */
  readonly present: number;
}

/** How far a step may go. */
export interface RolloutLimits {
  readonly wanted: number;
  /** No more pods than this may be asked for at a time. */
  readonly maximumTotal: number;
  /** No fewer pods than this may be ready because of us. */
  readonly minimumReady: number;
  /** Everything old must be gone before anything new starts. */
  readonly recreate: boolean;
}

/** Kubernetes' defaults: 25 % surge rounded up, 25 % unavailable rounded down, never both zero. */
export function rolloutLimits(wanted: number, strategy: DeploymentObject['spec']['strategy']): RolloutLimits {
  if (strategy?.type === 'Recreate') return { wanted, maximumTotal: wanted, minimumReady: 0, recreate: true };
  const surge = share(strategy?.rollingUpdate?.maxSurge ?? '25%', wanted, Math.ceil);
  const unavailable = share(strategy?.rollingUpdate?.maxUnavailable ?? '25%', wanted, Math.floor);
  const slack = surge === 0 && unavailable === 0 ? 1 : unavailable;
  return { wanted, maximumTotal: wanted + surge, minimumReady: wanted - slack, recreate: false };
}

/** The next step of a rollout: how many replicas each set is to have now. Pure; called again after each change. */
export function planRollout(
  current: RolloutSet,
  old: readonly RolloutSet[],
  limits: RolloutLimits,
): ReadonlyMap<string, number> {
  const plan = new Map<string, number>();
  if (limits.recreate) {
    for (const set of old) plan.set(set.name, 0);
    if (old.every((set) => set.present === 0)) plan.set(current.name, limits.wanted);
    return plan;
  }
  const oldTotal = old.reduce((sum, set) => sum + set.replicas, 0);
  const room = limits.maximumTotal - current.replicas - oldTotal;
  const grown = Math.min(limits.wanted, current.replicas + Math.max(0, room));
  plan.set(current.name, current.replicas > limits.wanted ? limits.wanted : grown);
  const ready = current.ready + old.reduce((sum, set) => sum + Math.min(set.ready, set.replicas), 0);
  let spare = ready - limits.minimumReady;
  for (const set of old) {
    // Pods that serve nobody may always go; ready ones only as far as enough others are ready.
    const unready = Math.max(0, set.replicas - set.ready);
    const readyToGo = Math.max(0, Math.min(set.replicas - unready, spare));
    spare -= readyToGo;
    plan.set(set.name, set.replicas - unready - readyToGo);
  }
  return plan;
}

function share(value: number | string, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return value.endsWith('%') ? round((Number(value.slice(0, -1)) / 100) * of) : Number(value);
}
