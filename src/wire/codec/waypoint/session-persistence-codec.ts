import { create } from '@bufbuild/protobuf';
import type { SessionPersistence } from '../../../model/index.ts';
import {
  type SessionPersistence as WireSessionPersistence,
  SessionPersistenceSchema,
} from '../../generated/waypoint_route_pb.js';
import { decodeMs, encodeMs } from './milliseconds.ts';

/** `nodemesh.waypoint.SessionPersistence`. */
export function encodeSessionPersistence(session: SessionPersistence): WireSessionPersistence {
  return create(SessionPersistenceSchema, {
    header: session.type === 'header',
    sessionName: session.sessionName,
    absoluteTimeoutMs: encodeMs(session.absoluteTimeoutMs),
    idleTimeoutMs: encodeMs(session.idleTimeoutMs),
    permanentCookie: session.permanentCookie,
  });
}

/** Never throws. */
export function decodeSessionPersistence(session: WireSessionPersistence): SessionPersistence {
  return {
    type: session.header ? 'header' : 'cookie',
    sessionName: session.sessionName,
    absoluteTimeoutMs: decodeMs(session.absoluteTimeoutMs),
    idleTimeoutMs: decodeMs(session.idleTimeoutMs),
    permanentCookie: session.permanentCookie,
  };
}
