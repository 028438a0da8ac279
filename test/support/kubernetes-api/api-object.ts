/** JSON as the API server keeps it. */
export type Json = Readonly<Record<string, unknown>>;

export interface ApiObject extends Json {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ApiMetadata;
}

export interface ApiMetadata extends Json {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A refusal as the API server words it. */
export class ApiStatus extends Error {
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  toJSON(): Json {
    const { code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  }
}

export const gone = (): ApiStatus =>
  new ApiStatus(410, 'Expired', 'The resourceVersion for the provided watch is too old.');
