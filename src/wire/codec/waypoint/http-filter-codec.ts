import { create } from '@bufbuild/protobuf';
import type {
  ExtensionKey,
  HeaderFilter,
  HeaderValue,
  HttpFilter,
  PathReplacement,
} from '../../../model/index.ts';
import {
  CorsFilterSchema,
  ExtensionFilterSchema,
  type HeaderFilter as WireHeaderFilter,
  HeaderFilterSchema,
  type HttpFilter as WireHttpFilter,
  HttpFilterSchema,
  MirrorFilterSchema,
  type PathReplacement as WirePathReplacement,
  PathReplacementSchema,
  RedirectFilterSchema,
  RewriteFilterSchema,
} from '../../generated/waypoint_route_pb.js';
import { badField, decodePort, requireText } from '../field.ts';
import { decodeBackendTarget, encodeBackendTarget } from './backend-target-codec.ts';

/** `nodemesh.waypoint.HttpFilter`. */
export function encodeHttpFilter(filter: HttpFilter): WireHttpFilter {
  return create(HttpFilterSchema, { filter: encodeContent(filter) });
}

function encodeContent(filter: HttpFilter): WireHttpFilter['filter'] {
  switch (filter.type) {
    case 'request-headers':
      return { case: 'requestHeaders', value: encodeHeaderFilter(filter) };
    case 'response-headers':
      return { case: 'responseHeaders', value: encodeHeaderFilter(filter) };
    case 'redirect': {
      const { scheme, hostname, port, status, path } = filter;
      return {
        case: 'redirect',
        value: create(RedirectFilterSchema, {
          scheme,
          hostname,
          port,
          status,
          path: encodeReplacement(path),
        }),
      };
    }
    case 'rewrite': {
      const { hostname, path } = filter;
      return {
        case: 'rewrite',
        value: create(RewriteFilterSchema, { hostname, path: encodeReplacement(path) }),
      };
    }
    case 'mirror': {
      const { backend, numerator, denominator } = filter;
      return {
        case: 'mirror',
        value: create(MirrorFilterSchema, { backend: encodeBackendTarget(backend), numerator, denominator }),
      };
    }
    case 'cors':
      return {
        case: 'cors',
        value: create(CorsFilterSchema, {
          allowOrigins: [...filter.allowOrigins],
          allowCredentials: filter.allowCredentials,
          allowMethods: [...filter.allowMethods],
          allowHeaders: [...filter.allowHeaders],
          exposeHeaders: [...filter.exposeHeaders],
          maxAgeSeconds: filter.maxAgeSeconds,
        }),
      };
    case 'extension': {
      const { object, missing } = filter;
      return { case: 'extension', value: create(ExtensionFilterSchema, { object, missing }) };
    }
  }
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeHttpFilter({ filter }: WireHttpFilter, path: string): HttpFilter {
  switch (filter.case) {
    case 'requestHeaders':
      return { type: 'request-headers', ...decodeHeaderFilter(filter.value) };
    case 'responseHeaders':
      return { type: 'response-headers', ...decodeHeaderFilter(filter.value) };
    case 'redirect': {
      const { scheme, hostname, port, status } = filter.value;
      return {
        type: 'redirect',
        scheme,
        hostname,
        path: decodeReplacement(filter.value.path),
        port: port === undefined ? undefined : decodePort(port, `${path}.redirect.port`),
        status,
      };
    }
    case 'rewrite': {
      const { hostname } = filter.value;
      return { type: 'rewrite', hostname, path: decodeReplacement(filter.value.path) };
    }
    case 'mirror': {
      const { numerator, denominator } = filter.value;
      if (denominator === 0) throw badField(`${path}.mirror.denominator`, 'expected at least 1, got 0');
      const backend = decodeBackendTarget(filter.value.backend, `${path}.mirror.backend`);
      return { type: 'mirror', backend, numerator, denominator };
    }
    case 'cors': {
      const { allowOrigins, allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds } =
        filter.value;
      return {
        type: 'cors',
        allowOrigins,
        allowCredentials,
        allowMethods,
        allowHeaders,
        exposeHeaders,
        maxAgeSeconds,
      };
    }
    case 'extension': {
      const object = requireText(filter.value.object, `${path}.extension.object`) as ExtensionKey;
      return { type: 'extension', object, missing: filter.value.missing };
    }
    default:
      // A filter may guard something: a rule without it is not what was written.
      throw badField(path, 'expected a kind of filter that this version knows, got none');
  }
}

function encodeHeaderFilter({ set, add, remove }: HeaderFilter): WireHeaderFilter {
  return create(HeaderFilterSchema, {
    set: set.map(encodeHeader),
    add: add.map(encodeHeader),
    remove: [...remove],
  });
}

function decodeHeaderFilter({ set, add, remove }: WireHeaderFilter): Omit<HeaderFilter, 'type'> {
  return { set: set.map(decodeHeader), add: add.map(decodeHeader), remove };
}

function encodeHeader({ name, value }: HeaderValue) {
  return { $typeName: 'nodemesh.waypoint.HeaderValue' as const, name, value };
}

function decodeHeader({ name, value }: HeaderValue): HeaderValue {
  return { name, value };
}

function encodeReplacement(path: PathReplacement | undefined): WirePathReplacement | undefined {
  return path && create(PathReplacementSchema, { prefix: path.kind === 'prefix', value: path.value });
}

function decodeReplacement(path: WirePathReplacement | undefined): PathReplacement | undefined {
  return path && { kind: path.prefix ? 'prefix' : 'full', value: path.value };
}
