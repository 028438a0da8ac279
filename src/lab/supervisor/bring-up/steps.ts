import { describeError } from '../../../base/index.ts';
import { STEP_NAMES, type Step, type StepName } from '../../state/index.ts';

/** How far the lab has come up, step by step. */
export interface Steps {
  list(): readonly Step[];
  /** Notes how the step ends, and passes that on. */
  run<T>(name: StepName, work: () => Promise<T>): Promise<T>;
}

/** Without a mesh its steps are `off`. */
export function createSteps(mesh: boolean): Steps {
  const isMesh = (name: StepName): boolean => name === 'controller' || name === 'ztunnels';
  const steps = new Map<StepName, Step>(
    STEP_NAMES.map((name) => [name, { name, state: isMesh(name) && !mesh ? 'off' : 'waiting' }]),
  );
  return {
    list: () => [...steps.values()],
    async run(name, work) {
      try {
        const result = await work();
        steps.set(name, { name, state: 'done' });
        return result;
      } catch (error) {
        steps.set(name, { name, state: 'failed', error: describeError(error) });
        throw error;
      }
    },
  };
}
