import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { labNames, supervisorPid } from '../state/index.ts';

/** The state directory of the lab that is meant: the named one, or the only one that runs. Throws LabError. */
export function findLab(base: string, name: string | undefined): string {
  const running = runningLabs(base);
  const [first] = running;
  if (name !== undefined) {
    if (running.includes(name)) return join(base, name);
    throw notRunning(`no lab called ${name} is running`, running);
  }
  if (first === undefined) throw notRunning('no lab is running', running);
  if (running.length > 1) throw notRunning('several labs are running: say which', running, ASK_WHICH);
  return join(base, first);
}

/** Names of the labs that run. */
export function runningLabs(base: string): readonly string[] {
  return labNames(base).filter((lab) => supervisorPid(join(base, lab)) !== undefined);
}

/** The option's two names: `--name` would say little in `nodemesh workloads`. */
const ASK_WHICH = '--name LAB after nodemesh lab …, --lab LAB after the other commands; ';

function notRunning(message: string, running: readonly string[], advice = ''): LabError {
  return new LabError({
    code: 'ERR_LAB_NOT_RUNNING',
    blame: 'downstream',
    message,
    hint: running.length === 0 ? 'nodemesh lab up starts one' : `${advice}running: ${running.join(', ')}`,
  });
}
