import type { HeaderList } from '../../../../http/index.ts';
import type { CorsFilter } from '../../../../model/index.ts';
import { compileOrigin, type OriginPattern } from './origin-pattern.ts';

/** A CORS filter ready to be used (Gateway API, HTTPCORSFilter; Fetch Standard, CORS protocol). */
export interface CorsPolicy {
  allowsOrigin(origin: string): boolean;
  /** The answer's fields do not depend on who asks. */
  readonly sameForAll: boolean;
  /** Fields that a preflight of an allowed origin is answered with. */
  describe(origin: string, asked: HeaderList): readonly Field[];
  /** Fields for an answer to an allowed origin. */
  expose(origin: string, answered: HeaderList): readonly Field[];
}

/** A header with its value. */
export type Field = readonly [name: string, value: string];

/** Once for each filter, which lives as long as its route is unchanged. */
export function compileCors(filter: CorsFilter): CorsPolicy {
  const { allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds } = filter;
  const patterns: readonly OriginPattern[] = filter.allowOrigins.map(compileOrigin);
  // Fetch Standard, CORS check: with credentials `*` stands for itself, in every one of these fields.
  const sameForAll = filter.allowOrigins.includes(ANY) && !allowCredentials;
  const forOrigin = (origin: string): Field[] => {
    const fields: Field[] = [['access-control-allow-origin', sameForAll ? ANY : origin]];
    if (allowCredentials) fields.push(['access-control-allow-credentials', 'true']);
    return fields;
  };

  function methods(asked: string | undefined): string | undefined {
    if (!allowMethods.includes(ANY)) return listed(allowMethods);
    return allowCredentials ? asked : ANY;
  }
  /** `*` would leave out Authorization, which a filter that allows all headers means too. */
  function headers(asked: string | undefined): string | undefined {
    if (!allowHeaders.includes(ANY)) return listed(allowHeaders);
    return asked ?? (allowCredentials ? undefined : ANY);
  }
  function exposed(answered: HeaderList): string | undefined {
    if (!exposeHeaders.includes(ANY)) return listed(exposeHeaders);
    if (!allowCredentials) return ANY;
    return listed([...new Set([...answered].map(([name]) => name.toLowerCase()))]);
  }

  return {
    sameForAll,
    allowsOrigin: (origin) => patterns.some((allows) => allows(origin)),
    describe: (origin, asked) => [
      ...forOrigin(origin),
      ...field('access-control-allow-methods', methods(asked.get('access-control-request-method'))),
      ...field('access-control-allow-headers', headers(asked.joined('access-control-request-headers'))),
      ['access-control-max-age', String(maxAgeSeconds)],
    ],
    expose: (origin, answered) => [
      ...forOrigin(origin),
      ...field('access-control-expose-headers', exposed(answered)),
    ],
  };
}

function field(name: string, value: string | undefined): readonly Field[] {
  return value === undefined ? [] : [[name, value]];
}

function listed(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ');
}

const ANY = '*';
