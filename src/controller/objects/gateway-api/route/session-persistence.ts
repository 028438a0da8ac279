import type { Field } from '../../fields/index.ts';
import { parseDuration } from './duration.ts';

/** How clients stay with a backend, its defaults filled in. */
export interface SessionPersistenceFields {
  readonly type: 'Cookie' | 'Header';
  /** Undefined: one of the implementation's choice. */
  readonly sessionName: string | undefined;
  readonly absoluteTimeoutMs: number | undefined;
  readonly lifetimeType: 'Permanent' | 'Session';
}

/** Undefined where there is none. */
export function parseSessionPersistence(field: Field): SessionPersistenceFields | undefined {
  if (!field.present) return undefined;
  field.object(['type', 'sessionName', 'absoluteTimeout', 'cookieConfig']);
  const type = field.key('type').oneOf(['Cookie', 'Header']) ?? 'Cookie';
  const cookie = field.key('cookieConfig').object(['lifetimeType']);
  const lifetimeType = cookie.key('lifetimeType').oneOf(['Permanent', 'Session']) ?? 'Session';
  if (cookie.present && type !== 'Cookie') cookie.issue(`nothing beside the type ${type}`);
  if (lifetimeType === 'Permanent') field.key('absoluteTimeout').required();
  return {
    type,
    sessionName: field.key('sessionName').text({ maxLength: 128 }),
    absoluteTimeoutMs: parseDuration(field.key('absoluteTimeout')),
    lifetimeType,
  };
}
