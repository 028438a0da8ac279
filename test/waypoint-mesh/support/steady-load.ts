import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';
import type { SteadyReport } from '../programs/load/steady-load.ts';
import { startProgram } from './program.ts';
import { CLIENTS } from './waypoint-world.ts';

/** Requests at a steady rate from the first client pod, for as long as a test wants. */
export interface SteadyLoad {
  /** What goes on from now on: failures are counted by it. */
  during(what: string): void;
  /** Ends the load; resolves with what came of it when the last request is over. */
  stop(): Promise<SteadyReport>;
}

export async function startSteadyLoad(
  lab: LabUnderTest,
  host: string,
  perSecond: number,
): Promise<SteadyLoad> {
  const pod = { namespace: CLIENTS, name: 'client-1' };
  const program = await startProgram(lab, pod, 'load/steady-load.ts', host, '80', String(perSecond));
  return {
    during: (what) => program.write(what),
    stop: async () => JSON.parse(await program.finish()) as SteadyReport,
  };
}
