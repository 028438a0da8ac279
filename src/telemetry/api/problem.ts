import type { ApiProblem } from '../../model/index.ts';
import type { TelemetryErrorCode } from '../errors.ts';

/** An answer with a status of 400 or more, thrown by whatever finds the fault. */
export class ApiRefusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 500 | 503;
  readonly problem: ApiProblem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(options: {
    readonly status: ApiRefusal['status'];
    readonly code: Extract<TelemetryErrorCode, `ERR_TELEMETRY_API_${string}`>;
    readonly message: string;
    readonly hint: string;
    readonly headers?: Readonly<Record<string, string>>;
  }) {
    const { status, code, message, hint, headers = {} } = options;
    super(message);
    this.name = new.target.name;
    this.status = status;
    this.problem = { error: { code, message, hint } };
    this.headers = headers;
  }
}
