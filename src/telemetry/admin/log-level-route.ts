import { TelemetryError } from '../errors.ts';
import type { MeshLogger } from '../log/index.ts';
import type { AdminRoute } from './route.ts';

/** `/logging`: GET tells the level, POST `?level=info,access=debug` sets it, POST `?reset` restores that of the start. */
export function logLevelRoutes(log: MeshLogger): readonly AdminRoute[] {
  const initial = log.level;
  return [
    {
      method: 'GET',
      path: '/logging',
      summary: 'the log level',
      handle: () => ({ body: `current log level is ${log.level}\n` }),
    },
    {
      method: 'POST',
      path: '/logging',
      summary: 'set the log level (?level=info,access=debug), or restore it (?reset)',
      handle({ query }) {
        const level = query.has('reset') ? initial : query.get('level');
        if (level === null) return { status: 400, body: 'say which: ?level=info,access=debug or ?reset\n' };
        return setLevel(log, level);
      },
    },
  ];
}

function setLevel(log: MeshLogger, level: string): { readonly status?: number; readonly body: string } {
  try {
    log.setLevel(level);
  } catch (error) {
    if (!(error instanceof TelemetryError)) throw error;
    return { status: 400, body: `${error.message}\n` };
  }
  return { body: `current log level is ${log.level}\n` };
}
