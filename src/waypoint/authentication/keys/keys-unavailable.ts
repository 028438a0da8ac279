import { WaypointError } from '../../errors.ts';

/** Nobody can say whether a token is good, so it is not taken for good. */
export function keysUnavailable(issuer: string, problem: string, cause?: unknown): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_KEYS',
    blame: 'local',
    message: `there are no keys to check tokens of ${issuer} with: ${problem}`,
    hint: HINT,
    reason: 'token_keys_unavailable',
    retryable: true,
    cause,
  });
}

/** Those that are known, if any, stay in use. */
export function keysNotFetched(issuer: string, cause: unknown): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_KEYS',
    blame: 'upstream',
    message: `expected the keys of ${issuer}, got none`,
    hint: HINT,
    retryable: true,
    cause,
  });
}

const HINT = 'see whether the jwksUri of the RequestAuthentication can be reached from the waypoint';
