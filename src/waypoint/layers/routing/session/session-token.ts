import type { ServiceKey, WorkloadUid } from '../../../../model/index.ts';

/** What a client hands back to be sent to where it was sent before. */
export interface Session {
  readonly service: ServiceKey;
  readonly port: number;
  readonly endpoint: WorkloadUid;
  /** Seconds since the epoch, for both of these. */
  readonly startedS: number;
  readonly usedS: number;
}

/**
 * A session as one word of letters that cookies and headers allow. It is no secret and no proof: all that a client could gain
 * by making one up is to choose among backends and endpoints that its requests may go to anyway.
 */
export function formatSession({ service, port, endpoint, startedS, usedS }: Session): string {
  const fields = JSON.stringify([service, port, endpoint, startedS, usedS]);
  return Buffer.from(fields, 'utf8').toString('base64url');
}

/** Undefined for what is no session: clients send all sorts of things. */
export function parseSession(text: string): Session | undefined {
  if (text.length > LONGEST_TOKEN) return undefined;
  const fields = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  if (!Array.isArray(fields)) return undefined;
  const [service, port, endpoint, startedS, usedS]: readonly unknown[] = fields;
  if (typeof service !== 'string' || typeof endpoint !== 'string') return undefined;
  if (typeof port !== 'number' || typeof startedS !== 'number' || typeof usedS !== 'number') return undefined;
  return { service: service as ServiceKey, port, endpoint: endpoint as WorkloadUid, startedS, usedS };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const LONGEST_TOKEN = 1_024;
