import {
  type ExtensionKey,
  extensionKey,
  type HeaderValue,
  type HttpFilter,
} from '../../../../model/index.ts';
import type { LocalReference, NamedValue, PathModifier, RouteFilter } from '../../../objects/index.ts';
import { resolveBackend } from './resolve-backend.ts';
import type { ReferenceProblem } from './route-problem.ts';
import { EXTENSION_KINDS, type Referrer, type RouteReferences } from '../route-references.ts';

/** Filters in their order, and what there is to say about what they refer to. */
export interface TranslatedFilters {
  readonly filters: readonly HttpFilter[];
  readonly problems: readonly ReferenceProblem[];
}

/** None is ever left out: one that leads nowhere refuses the requests that meet it. */
export function translateFilters(
  filters: readonly RouteFilter[],
  referrer: Referrer,
  references: RouteReferences,
): TranslatedFilters {
  const all = filters.map((filter) => translateFilter(filter, referrer, references));
  return {
    filters: all.map(({ filter }) => filter),
    problems: all.flatMap(({ problem }) => problem ?? []),
  };
}

interface TranslatedFilter {
  readonly filter: HttpFilter;
  readonly problem?: ReferenceProblem | undefined;
}

function translateFilter(
  filter: RouteFilter,
  referrer: Referrer,
  references: RouteReferences,
): TranslatedFilter {
  switch (filter.type) {
    case 'RequestHeaderModifier':
    case 'ResponseHeaderModifier':
      return {
        filter: {
          type: filter.type === 'RequestHeaderModifier' ? 'request-headers' : 'response-headers',
          set: firstOfEachName(filter.set),
          add: firstOfEachName(filter.add),
          remove: filter.remove,
        },
      };
    case 'RequestMirror': {
      const { target, problem } = resolveBackend(filter.backend, referrer, references);
      const { numerator, denominator } = filter;
      return { filter: { type: 'mirror', backend: target, numerator, denominator }, problem };
    }
    case 'RequestRedirect': {
      const { scheme, hostname, path, port, statusCode: status } = filter;
      return { filter: { type: 'redirect', scheme, hostname, path: translatePath(path), port, status } };
    }
    case 'URLRewrite':
      return { filter: { type: 'rewrite', hostname: filter.hostname, path: translatePath(filter.path) } };
    case 'CORS': {
      const { type: _type, ...cors } = filter;
      return { filter: { type: 'cors', ...cors } };
    }
    case 'ExtensionRef':
      return translateExtension(filter.reference, referrer, references);
    case 'ExternalAuth': {
      // Left out, it would let through what it was to judge.
      const message = 'filters of the type ExternalAuth are not supported: requests that meet one get a 500';
      const object = `ExternalAuth/${referrer.namespace}/-` as ExtensionKey;
      return {
        filter: { type: 'extension', object, missing: true },
        problem: { reason: 'InvalidKind', message },
      };
    }
  }
}

/** One that leads nowhere stays, as it must not be skipped: requests that meet it are refused. */
function translateExtension(
  { group, kind, name }: LocalReference,
  { namespace, foreignParents }: Referrer,
  references: RouteReferences,
): TranslatedFilter {
  const known = group === 'nodemesh.io' ? EXTENSION_KINDS.find((candidate) => candidate === kind) : undefined;
  if (known === undefined) {
    const message = `referencing unsupported extensionRef: group ${JSON.stringify(group)} kind ${JSON.stringify(kind)}`;
    const object = `${kind}/${namespace}/${name}` as ExtensionKey;
    return {
      filter: { type: 'extension', object, missing: true },
      problem: { reason: 'InvalidKind', message },
    };
  }
  const object = extensionKey(known, namespace, name);
  if (known === 'Filter' && foreignParents !== 'none') {
    const message = `extensionRef(Filter ${namespace}/${name}) is code that waypoints run, and those of other namespaces do not run it for this route`;
    return {
      filter: { type: 'extension', object, missing: foreignParents === 'all' },
      problem: { reason: 'RefNotPermitted', message },
    };
  }
  if (references.hasExtension(known, name)) return { filter: { type: 'extension', object, missing: false } };
  const message = `extensionRef(${known} ${namespace}/${name}) not found`;
  return {
    filter: { type: 'extension', object, missing: true },
    problem: { reason: 'BackendNotFound', message },
  };
}

/** Names are the same in any case; of several entries to one only the first counts (HTTPHeader, name). */
function firstOfEachName(headers: readonly NamedValue[]): readonly HeaderValue[] {
  const seen = new Set<string>();
  return headers.filter(({ name }) => {
    const lower = name.toLowerCase();
    if (seen.has(lower)) return false;
    seen.add(lower);
    return true;
  });
}

function translatePath(
  path: PathModifier | undefined,
): { readonly kind: 'full' | 'prefix'; readonly value: string } | undefined {
  return path && { kind: path.type === 'ReplaceFullPath' ? 'full' : 'prefix', value: path.value };
}
