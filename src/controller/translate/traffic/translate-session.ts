import type { SessionPersistence } from '../../../model/index.ts';
import type { SessionPersistenceFields } from '../../objects/index.ts';

/** The same for routes and for policies. */
export function translateSession(
  session: SessionPersistenceFields | undefined,
): SessionPersistence | undefined {
  if (session === undefined) return undefined;
  return {
    type: session.type === 'Cookie' ? 'cookie' : 'header',
    sessionName: session.sessionName ?? '',
    absoluteTimeoutMs: session.absoluteTimeoutMs,
    // Version 1.6 of the API has none.
    idleTimeoutMs: undefined,
    permanentCookie: session.lifetimeType === 'Permanent',
  };
}
