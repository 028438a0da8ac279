import type { ServiceKey } from '../service.ts';
import type { HeaderValue } from './http-filter.ts';

/** `Authorizer/<root namespace>/<name>`. */
export type AuthorizerKey = string & { readonly __brand: 'AuthorizerKey' };

/** Nothing is checked. */
export function authorizerKey(rootNamespace: string, name: string): AuthorizerKey {
  return `Authorizer/${rootNamespace}/${name}` as AuthorizerKey;
}

/** A service that is asked about requests which policies with the action CUSTOM match (MeshConfig, extensionProviders). */
export interface Authorizer {
  readonly key: AuthorizerKey;
  readonly namespace: string;
  /** By which policies name it. */
  readonly name: string;
  readonly service: ServiceKey;
  readonly port: number;
  readonly protocol: AuthorizerProtocol;
  readonly timeoutMs: number;
  /** What happens when it does not answer: the request goes on, or is refused. */
  readonly failOpen: boolean;
  /** For requests that are refused because it does not answer. */
  readonly statusOnError: number;
  /** Undefined: it sees no body. */
  readonly requestBody: CheckedBody | undefined;
}

/** How much of the body is sent with the question. */
export interface CheckedBody {
  readonly maxBytes: number;
  /** Of a longer body the beginning is sent; otherwise such a request is refused with 413. */
  readonly allowPartial: boolean;
  /** gRPC: as bytes rather than as text. */
  readonly asBytes: boolean;
}

/** How the authorizer is asked. */
export type AuthorizerProtocol =
  /** `envoy.service.auth.v3.Authorization/Check`. */
  { readonly kind: 'grpc' } | HttpAuthorizer;

/** The question is the request itself, its path behind `pathPrefix`; a 200 lets it through. Names in lower case. */
export interface HttpAuthorizer {
  readonly kind: 'http';
  readonly pathPrefix: string;
  /** Headers of the request that the question has beside its own. */
  readonly includeHeaders: readonly HeaderPattern[];
  readonly additionalHeaders: readonly HeaderValue[];
  /** Headers of the answer that the request gets when it is let through. */
  readonly toUpstreamOnAllow: readonly HeaderPattern[];
  /** Headers of the answer that the client gets; with no names for a refusal it gets all of them. */
  readonly toDownstreamOnAllow: readonly HeaderPattern[];
  readonly toDownstreamOnDeny: readonly HeaderPattern[];
}

/** Names of headers, compared in lower case. */
export interface HeaderPattern {
  readonly kind: 'exact' | 'prefix' | 'suffix';
  readonly value: string;
}
