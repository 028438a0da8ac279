import { extname } from 'node:path';
import { describeError, type Logger } from '../../base/index.ts';
import { type ApiPath, LIVE_PATH } from '../../model/index.ts';
import type { Access } from './access.ts';
import { openApiDocument } from './openapi/document.ts';
import { ApiRefusal } from './problem.ts';
import {
  type Exchange,
  sendFile,
  sendJson,
  sendRefusal,
  sendText,
  setSecurityHeaders,
} from './respond/respond.ts';
import type { StaticFiles } from './respond/static-files.ts';
import { API_ROUTES } from './routes.ts';
import type { ApiSources } from './facts.ts';
import type { WorkBudget } from './work-budget.ts';

/** What all requests of one server share. */
export interface HandleContext {
  readonly sources: ApiSources;
  readonly budget: WorkBudget;
  readonly access: Access;
  readonly files: StaticFiles | undefined;
  readonly log: Logger;
}

/** Answers one request; never rejects. */
export async function handle(context: HandleContext, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  setSecurityHeaders(response);
  try {
    await respond(context, exchange);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    await sendRefusal(
      exchange,
      error instanceof ApiRefusal ? error : failed(context.log, request.url, error),
    );
  }
}

async function respond(context: HandleContext, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw wrongMethod(request.method);
  const url = targetOf(request.url);
  const token = url.searchParams.get('token');
  if (url.pathname === '/' && token !== null && context.access.hasToken) {
    response.setHeader('set-cookie', context.access.cookieFor(token, request));
    // The address with the token in it is to be neither kept nor shown.
    response.setHeader('location', '/');
    await sendText(exchange, 'see /\n', 303);
    return;
  }
  context.access.check(request);
  if (url.pathname === '/openapi.json') await sendJson(exchange, openApiDocument());
  else if (isApiPath(url.pathname)) await sendAnswer(context, exchange, url.pathname, url.searchParams);
  else if (url.pathname.startsWith('/api')) throw notFound(url.pathname);
  else await sendPage(context, exchange, url.pathname);
}

async function sendAnswer(
  { sources, budget }: HandleContext,
  exchange: Exchange,
  path: ApiPath,
  query: URLSearchParams,
): Promise<void> {
  await budget.turn();
  // Who has gone while it waited costs nothing more.
  if (exchange.response.destroyed) return;
  await budget.spend(() => sendJson(exchange, API_ROUTES[path].answer(sources, query)));
}

/** A path without an extension is one that the pages themselves understand. */
async function sendPage({ files }: HandleContext, exchange: Exchange, path: string): Promise<void> {
  const isPage = extname(path) === '';
  const file = (await files?.find(path)) ?? (isPage ? await files?.find('/index.html') : undefined);
  if (file !== undefined) await sendFile(exchange, file);
  else if (path === '/') await sendText(exchange, NOT_BUILT);
  else throw notFound(path);
}

/** Throws ApiRefusal. */
export function targetOf(target = ''): URL {
  if (!target.startsWith('/') || target.startsWith('//')) throw badTarget();
  const url = URL.parse(target, 'http://dashboard');
  if (url === null) throw badTarget();
  return url;
}

function isApiPath(path: string): path is ApiPath {
  return Object.hasOwn(API_ROUTES, path);
}

function badTarget(): ApiRefusal {
  return new ApiRefusal({
    status: 400,
    code: 'ERR_TELEMETRY_API_PATH',
    message: 'expected a path that starts with one slash, got something else',
    hint: 'see /openapi.json for what there is',
  });
}

function wrongMethod(method = ''): ApiRefusal {
  return new ApiRefusal({
    status: 405,
    code: 'ERR_TELEMETRY_API_METHOD',
    message: `expected GET, got ${method}`,
    hint: 'nothing can be changed here; ask with GET',
    headers: { allow: 'GET, HEAD' },
  });
}

function notFound(path: string): ApiRefusal {
  if (path === LIVE_PATH)
    return new ApiRefusal({
      status: 400,
      code: 'ERR_TELEMETRY_API_PATH',
      message: `expected a WebSocket at ${path}, got an ordinary request`,
      hint: 'connect with ws:// and send {"follow":["refusals"]}',
    });
  return new ApiRefusal({
    status: 404,
    code: 'ERR_TELEMETRY_API_PATH',
    message: `nothing at ${path.slice(0, 200)}`,
    hint: `there are ${Object.keys(API_ROUTES).join(', ')}, ${LIVE_PATH} and /openapi.json`,
  });
}

function failed(log: Logger, url: string | undefined, error: unknown): ApiRefusal {
  // Without its query, which may have a token in it.
  log.warn('api request failed', { path: url?.split('?')[0], error: describeError(error) });
  return new ApiRefusal({
    status: 500,
    code: 'ERR_TELEMETRY_API_FAILED',
    message: `cannot answer (${describeError(error)})`,
    hint: 'the log of this process has more; please report it',
  });
}

const NOT_BUILT = `The dashboard's pages are not built: run "npm run dashboard" where nodemesh is installed, and load this page again.

The API is here all the same: /openapi.json says what there is, /api/v1/topology who talks to whom.
`;
