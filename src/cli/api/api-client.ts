import type { ApiAnswers, ApiPath, ApiProblem, LiveFollow, LiveMessage } from '../../model/index.ts';
import { CliError } from '../errors.ts';
import { type ApiAddress, type ApiQuery, endpointOf } from './api-address.ts';
import { askHttp } from './http-ask.ts';
import type { LiveFeed } from './live-feed.ts';

/** The read-only API of a node or of the mesh. Everything rejects with MeshError: CliError, or what dialling rejects with. */
export interface ApiClient {
  readonly address: ApiAddress;
  get<Path extends ApiPath>(path: Path, query?: ApiQuery): Promise<ApiAnswers[Path]>;
  /** Resolves when the feed is open. It ends with `close` or `signal`, or by itself when the other side goes. */
  live(
    follow: LiveFollow,
    onMessage: (message: LiveMessage) => void,
    signal?: AbortSignal,
  ): Promise<LiveFeed>;
}

/** `timeoutMs`: for one answer; default 10 seconds. */
export function createApiClient(address: ApiAddress, timeoutMs = 10_000): ApiClient {
  return {
    address,
    async get<Path extends ApiPath>(path: Path, query: ApiQuery = {}) {
      const url = endpointOf(address.url, path, query);
      const { status, body } = await askHttp(url, address, { timeoutMs });
      const value = parse(url, body);
      // The answer is that of an API of this very version, as docs/openapi.yaml has it.
      if (status === 200) return value as ApiAnswers[Path];
      throw problem(url, status, value);
    },
    async live(follow, onMessage, signal) {
      // With the library that it needs: most commands ask, and follow nothing.
      const { followLive } = await import('./live-feed.ts');
      return followLive(address, { follow, onMessage, timeoutMs, signal });
    },
  };
}

function parse(url: URL, body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new CliError({
      code: 'ERR_CLI_API_ANSWER',
      blame: 'upstream',
      message: `${url.origin}${url.pathname}: expected JSON, got ${JSON.stringify(body.slice(0, 60))}`,
      hint: 'is this the address of a dashboard of nodemesh?',
      cause,
    });
  }
}

function problem(url: URL, status: number, value: unknown): CliError {
  const { error } = (value ?? {}) as Partial<ApiProblem>;
  return new CliError({
    code: 'ERR_CLI_API_ANSWER',
    blame: 'downstream',
    message: `${url.origin}${url.pathname} answered with status ${status}: ${error?.message ?? 'no reason given'}`,
    hint: error?.hint === '' ? undefined : error?.hint,
  });
}
