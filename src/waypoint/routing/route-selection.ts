import type { HttpMatch, HttpRoute, HttpRule } from '../../model/index.ts';

/** What the routes of a target say to one request. */
export type RouteSelection =
  /** A rule takes it; `match` is the part of the rule that held. */
  | { readonly kind: 'rule'; readonly route: HttpRoute; readonly rule: HttpRule; readonly match: HttpMatch }
  /** No route is attached for this client: to the service that was dialled. */
  | { readonly kind: 'default' }
  /** Routes are attached and none of their rules holds: 404. */
  | { readonly kind: 'unmatched' };
