import type { HttpRequest } from '../../http/index.ts';
import type { RouteSelection } from './route-selection.ts';

/** The HTTP routes of one service port, in the order of their precedence. */
export interface RouteTable {
  /** `clientNamespace` decides about consumer routes. */
  select(request: HttpRequest, clientNamespace: string): RouteSelection;
}
