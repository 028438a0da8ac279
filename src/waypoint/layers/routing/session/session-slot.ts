import { createHash } from 'node:crypto';
import type { HttpRequest } from '../../../../http/index.ts';
import type { BackendTarget, SessionPersistence } from '../../../../model/index.ts';
import type { RequestContext } from '../../../request/request-context.ts';
import type { RouteSelection } from '../../../routing/route-selection.ts';
import { formatSession, parseSession, type Session } from './session-token.ts';

/** Where a client keeps its session with a backend (Gateway API, SessionPersistence). */
export interface SessionSlot {
  readonly persistence: SessionPersistence;
  /** Of the cookie or the header. */
  readonly name: string;
  /** Of the cookie. */
  readonly path: string;
}

/** Undefined where sessions are not kept. What the rule says comes before any policy. */
export function sessionSlot(
  { plan }: RequestContext,
  selection: RouteSelection,
  backend: BackendTarget | undefined,
): SessionSlot | undefined {
  const ofRule = selection.kind === 'rule' ? selection.rule.sessionPersistence : undefined;
  const persistence = ofRule ?? plan.traffic.settingsFor(selection, backend).sessionPersistence;
  if (persistence === undefined) return undefined;
  const { sessionName } = persistence;
  const name = TOKEN.test(sessionName) ? sessionName : ownName(selection, backend);
  return { persistence, name, path: pathOfCookie(selection) };
}

/** The session that a request brings, if it is one with this backend and not over. */
export function readSession(
  request: HttpRequest,
  slot: SessionSlot,
  backend: BackendTarget | undefined,
  nowMs: number,
): Session | undefined {
  const { type, absoluteTimeoutMs, idleTimeoutMs } = slot.persistence;
  const text =
    type === 'cookie' ? cookieOf(request, slot.name) : request.headers.get(slot.name.toLowerCase());
  const session = text === undefined ? undefined : parseSession(text);
  if (session === undefined || backend?.kind !== 'service') return undefined;
  if (session.service !== backend.service || session.port !== backend.port) return undefined;
  if (absoluteTimeoutMs !== undefined && nowMs - session.startedS * 1_000 > absoluteTimeoutMs)
    return undefined;
  if (idleTimeoutMs !== undefined && nowMs - session.usedS * 1_000 > idleTimeoutMs) return undefined;
  return session;
}

/** The field that gives a session to the client. */
export function sessionField(slot: SessionSlot, session: Session): readonly [name: string, value: string] {
  const { type, absoluteTimeoutMs, permanentCookie } = slot.persistence;
  const token = formatSession(session);
  if (type === 'header') return [slot.name, token];
  const lifetime =
    permanentCookie && absoluteTimeoutMs !== undefined
      ? `; Max-Age=${Math.ceil(absoluteTimeoutMs / 1_000)}`
      : '';
  return ['set-cookie', `${slot.name}=${token}; Path=${slot.path}${lifetime}; HttpOnly`];
}

function cookieOf({ headers }: HttpRequest, name: string): string | undefined {
  for (const line of headers.all('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}

/** Different for every rule, so that no two take one another's cookie. */
function ownName(selection: RouteSelection, backend: BackendTarget | undefined): string {
  const what =
    selection.kind === 'rule'
      ? `${selection.route.key} ${selection.route.rules.indexOf(selection.rule)}`
      : backend?.kind === 'service'
        ? `${backend.service} ${backend.port}`
        : '';
  return `nodemesh-session-${createHash('sha256').update(what).digest('hex').slice(0, 8)}`;
}

/** GEP-1619: a cookie goes with the paths that its rule takes, where that is the beginning of a path. */
function pathOfCookie(selection: RouteSelection): string {
  if (selection.kind !== 'rule') return '/';
  const { path } = selection.match;
  const isPlain = (path.kind === 'exact' || path.kind === 'prefix') && !/[;\s]/.test(path.value);
  return isPlain ? path.value : '/';
}

// RFC 9110 §5.6.2, which RFC 6265 takes over for the names of cookies.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
