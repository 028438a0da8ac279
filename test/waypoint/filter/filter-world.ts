import type { Test } from 'tap';
import type { LogFields, Logger, LogLevel } from '../../../src/base/index.ts';
import { bodyOf, type HttpRequest, type HttpResponse, readBody } from '../../../src/http/index.ts';
import type { Filter } from '../../../src/model/index.ts';
import { createFilterHost, type FilterHost } from '../../../src/waypoint/filter/filter-host.ts';
import { filterLayer } from '../../../src/waypoint/layers/admission/filter.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import type { Handler } from '../../../src/waypoint/request/layer.ts';
import type { RequestContext } from '../../../src/waypoint/request/request-context.ts';
import { fromUnknown } from '../../../src/waypoint/from-unknown.ts';
import { GATEWAY, makeFilter, TARGET } from '../admission/admission-fixtures.ts';
import { fieldsOf, makeContext, makeRequest, makeResponse } from '../request-fixtures.ts';

/** An answer as a client gets it, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The code of the error, where there was one. */
  readonly error: string | undefined;
  readonly message: string;
}

export interface FilterWorld {
  readonly host: FilterHost;
  /** What the log was told, as `level event {fields}`. */
  readonly lines: string[];
  /** What was counted, as `called shop/a request ok` and `ended shop/a crashed`. */
  readonly notes: string[];
  apply(...filters: readonly Filter[]): void;
  remove(...filters: readonly Filter[]): void;
  send(request?: HttpRequest, options?: SendOptions): Promise<Answer>;
  until(what: string, holds: () => boolean): Promise<void>;
}

export interface SendOptions {
  readonly backend?: Handler;
  readonly context?: Partial<RequestContext>;
}

/** Filters in processes of their own, as a waypoint has them, and a backend that says what it was sent. */
export function createFilterWorld(
  t: Test,
  options: { readonly maximumFilters?: number; readonly maximumHeldBytes?: number } = {},
): FilterWorld {
  const lines: string[] = [];
  const notes: string[] = [];
  const host = createFilterHost({
    gateway: GATEWAY,
    log: recordingLogger(lines),
    maximumFilters: options.maximumFilters,
    maximumHeldBytes: options.maximumHeldBytes,
    metrics: {
      called: (filter, hook, outcome) => notes.push(`called ${filter} ${hook} ${outcome}`),
      ended: (filter, reason) => notes.push(`ended ${filter} ${reason}`),
    },
  });
  // Between two processes of a filter there is nothing but timers, which keep no test running.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(async () => {
    await host.close();
    clearInterval(alive);
  });
  const filters = new Map<string, Filter>();

  return {
    host,
    lines,
    notes,
    apply(...changed) {
      for (const filter of changed) filters.set(filter.key, filter);
      host.apply({
        upserts: changed.map((filter) => ({ name: filter.key, resource: { kind: 'filter', filter } })),
        removed: [],
      });
    },
    remove(...removed) {
      for (const { key } of removed) filters.delete(key);
      host.apply({ upserts: [], removed: removed.map(({ key }) => key) });
    },
    async send(request = makeRequest(), { backend = echo, context = {} } = {}) {
      const resources = [...filters.values()].map((filter) => ({ kind: 'filter' as const, filter }));
      const base = makeContext({ request });
      const plan = { ...base.plan, filters: host.compile(TARGET, resources) };
      return answerOf(request, filterLayer()(backend)(request, { ...base, plan, ...context }));
    },
    async until(what, holds) {
      for (let round = 0; !holds(); round++) {
        if (round === 3_000) throw new Error(`waited 30 s for: ${what}\n${lines.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** A filter whose source is `code`, in force when this resolves. */
export async function withFilter(
  t: Test,
  code: string,
  over: Partial<Filter> = {},
): Promise<FilterWorld & { readonly filter: Filter }> {
  const world = createFilterWorld(t);
  const filter = makeFilter(code, over);
  world.apply(filter);
  await world.until('the filter is in force', () => world.host.running === 1);
  return { ...world, filter };
}

async function answerOf(request: HttpRequest, response: Promise<HttpResponse>): Promise<Answer> {
  try {
    const { status, headers, body } = await response;
    const text = (await readBody(body, 64 * 1024 * 1024)).toString('utf8');
    return { status, headers: fieldsOf(headers), text, error: undefined, message: '' };
  } catch (error) {
    const failure = fromUnknown(error);
    const { status, headers } = failureResponse(request, failure);
    return { status, headers: fieldsOf(headers), text: '', error: failure.code, message: failure.message };
  }
}

/** Answers with what it was sent, as JSON. */
const echo: Handler = async ({ method, target, headers, body }) => {
  const sent = {
    method,
    target,
    headers: fieldsOf(headers),
    body: (await readBody(body, 1e9)).toString('utf8'),
  };
  return makeResponse(200, { 'x-backend': 'echo' }, bodyOf(Buffer.from(JSON.stringify(sent))));
};

function recordingLogger(lines: string[]): Logger {
  const write =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
    };
  const logger: Logger = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => logger,
  };
  return logger;
}
