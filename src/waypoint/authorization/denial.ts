import type { AuthorizerNeed, RequestExplanation } from '../../policy/index.ts';
import { WaypointError } from '../errors.ts';
import { grpcStatusFor } from '../faults/status-mapping.ts';
import type { DialledTarget } from '../request/request-parties.ts';
import { GRPC } from '../respond.ts';

/** The sentence is for logs: clients are told nothing of what policies look for. */
export function deniedByPolicy({
  policy,
  rule,
  unmatched,
  sentence,
  remedy,
}: RequestExplanation): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: sentence,
    hint: remedy,
    policy,
    rule,
    unmatched,
    reason: policy === undefined ? 'not_allowed' : 'denied',
  });
}

/** Of a connection that had been let through; policies have changed since. */
export function deniedLater({
  policy,
  rule,
  unmatched,
  sentence,
  remedy,
}: RequestExplanation): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED_LATER',
    blame: 'downstream',
    message: `no longer allowed: ${sentence}`,
    hint: remedy,
    policy,
    rule,
    unmatched,
    reason: 'denied_later',
  });
}

/** A trusted gateway says that a request is from somebody, and nobody can say from whom. */
export function deniedUnknownRemote(): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: 'expected an address in the X-Forwarded-For of a trusted gateway, got none that can be read',
    reason: 'remote_address',
  });
}

/** Nobody has said that a port is no HTTP, and what came there shows no request, where requests are to be looked at. */
export function deniedUnread({ service, address, port }: DialledTarget): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: `expected HTTP on port ${port} of ${service?.hostname ?? address}, whose requests a RequestAuthentication or Filter is to see, got something else or nothing`,
    hint: 'if it is no HTTP, say so: appProtocol: tcp on the port of the Service, or tcp- before its name',
    reason: 'unread',
  });
}

/** The policy asks somebody who cannot be asked about this. */
export function deniedUnasked({ provider, policy, rule }: AuthorizerNeed, problem: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'local',
    message: `${policy} (rule ${rule + 1}) asks ${provider}, ${problem}`,
    hint: 'see extensionProviders in the MeshConfig of the root namespace',
    policy,
    rule,
    reason: 'authorizer_unknown',
  });
}

/** An authorizer has said no to a connection; to a request its own answer is passed on. */
export function deniedByAuthorizer({ provider, policy, rule }: AuthorizerNeed): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: `${provider}, which ${policy} (rule ${rule + 1}) asks, denied it`,
    policy,
    rule,
    reason: 'authorizer_denied',
  });
}

/** An authorizer does not answer, or not so that it could be understood, and its failure is not to be passed over. */
export function authorizerFailed(
  { provider, policy, rule }: AuthorizerNeed,
  statusOnError: number,
  cause: unknown,
): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_AUTHORIZER',
    blame: 'upstream',
    message: `expected an answer of ${provider}, which ${policy} (rule ${rule + 1}) asks, got none`,
    hint: 'see whether its service has endpoints and answers in time; failOpen: true lets requests pass then',
    policy,
    rule,
    reason: 'authorizer_failed',
    answer: { status: statusOnError, grpc: grpcStatusFor(statusOnError) },
    cause,
  });
}

/** An authorizer wants to see the whole body, and not a longer one than this. */
export function bodyTooLong({ provider, policy, rule }: AuthorizerNeed, maxBytes: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_UNCHECKED_BODY',
    blame: 'downstream',
    message: `expected a body of at most ${maxBytes} bytes, which ${provider} is to see, got a longer one`,
    hint: 'see maxRequestBytes and allowPartialMessage of the authorizer',
    policy,
    rule,
  });
}

/** As many bodies are held for authorizers as there is memory for. */
export function noRoomForBody({ provider, policy, rule }: AuthorizerNeed): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_UNCHECKED_BODY',
    blame: 'local',
    message: `expected room for a body, which ${provider} is to see, got none`,
    hint: 'lower maxRequestBytes of the authorizer, or run more replicas of the waypoint',
    policy,
    rule,
    reason: 'no_room',
    answer: { status: 503, grpc: GRPC.UNAVAILABLE, text: 'the waypoint has too much to do' },
  });
}
