import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PID_FILE } from './configuration.ts';

const POLL_MS = 15;

/** The launched process, if it is still there; undefined for a lab that is not, or whose process has died. */
export function supervisorPid(stateDirectory: string): number | undefined {
  const file = join(stateDirectory, PID_FILE);
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  return isAlive(pid) ? pid : undefined;
}

/** Waits for the launched process to be gone, ends it by force when it is not in time, and removes the state. */
export async function finishShutdown(stateDirectory: string, timeoutMs: number): Promise<void> {
  const pid = supervisorPid(stateDirectory);
  const deadline = Date.now() + timeoutMs;
  let forced = false;
  while (pid !== undefined && isAlive(pid)) {
    if (Date.now() > deadline && !forced) {
      // Its PID namespace dies with it, and all that runs there.
      process.kill(pid, 'SIGKILL');
      forced = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  rmSync(stateDirectory, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A dead child that nobody has waited for yet is as good as gone.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT'))
      return false;
    throw error;
  }
}
