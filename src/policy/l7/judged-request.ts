import { type JudgedAddress, judgedAddress } from '../compile-addresses.ts';
import type { HttpAttributes, RequestAttributes, TokenAttributes } from './attributes.ts';
import { readingsOf } from './path/index.ts';

/** The attributes of one request, with what several policies need of them worked out at most once. */
export interface JudgedRequest {
  readonly attributes: RequestAttributes;
  readonly sourceAddress: JudgedAddress;
  readonly remoteAddress: JudgedAddress;
  readonly destinationAddress: JudgedAddress;
  readonly http: JudgedHttp | undefined;
}

/** The readings of a request that tests compare with. Each list holds all that a server behind might take it for. */
export interface JudgedHttp {
  readonly method: string;
  /** The host as it came and without its port. */
  readonly hosts: readonly string[];
  /** The same, and all else that would be taken for it. */
  readonly lenientHosts: readonly string[];
  /** Undefined: none that can be relied on. */
  paths(): readonly string[] | undefined;
  /** Empty: the header is not there. */
  header(name: string): HeaderReadings;
  readonly tokens: readonly TokenAttributes[];
}

/** All values of a header as one text, and each line of it; of one line just that. */
export type HeaderReadings = readonly string[];

/**
 * To be made once for each request and handed to every policy; paths and headers are read when a test asks for them.
 */
export function judgeRequest(attributes: RequestAttributes): JudgedRequest {
  const { http } = attributes;
  return {
    attributes,
    sourceAddress: judgedAddress(attributes.sourceAddress),
    remoteAddress: judgedAddress(attributes.remoteAddress),
    destinationAddress: judgedAddress(attributes.destinationAddress),
    http: http && judgeHttp(http),
  };
}

function judgeHttp(http: HttpAttributes): JudgedHttp {
  const hosts = hostReadings(http.authority.toLowerCase());
  let paths: readonly string[] | undefined;
  let arePathsKnown = false;
  return {
    method: http.method,
    hosts,
    // A name may end in the dot of the root (RFC 1034 §3.1).
    lenientHosts: [...new Set([...hosts, ...hosts.map((host) => host.replace(/\.$/, ''))])],
    paths() {
      if (!arePathsKnown) paths = readingsOf(http.target);
      arePathsKnown = true;
      return paths;
    },
    header: (name) => headerReadings(name, valuesOf(http, name)),
    tokens: http.tokens,
  };
}

function hostReadings(authority: string): readonly string[] {
  const bare = authority.replace(/:\d*$/, '');
  return bare === authority ? [authority] : [authority, bare];
}

function valuesOf(http: HttpAttributes, name: string): readonly string[] {
  switch (name) {
    case ':method':
      return [http.method];
    case ':authority':
    case 'host':
      return [http.authority];
    default:
      return http.header(name);
  }
}

function headerReadings(name: string, values: readonly string[]): HeaderReadings {
  if (values.length < 2) return values;
  // RFC 9113 §8.2.3: crumbs of a cookie are one field, joined by "; ".
  return [values.join(name === 'cookie' ? '; ' : ','), ...values];
}
