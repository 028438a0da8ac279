import type { HeaderList } from '../../http/index.ts';
import type { RequestParties } from '../request/request-parties.ts';
import type { RequestRecord } from '../request/request-record.ts';
import type { RouteSelection } from '../routing/route-selection.ts';

/** The part of a request's context that its filters need: a plan holds filters, so they cannot be given the plan. */
export interface FilteredRequest extends RequestParties {
  readonly signal: AbortSignal;
  readonly record: Pick<RequestRecord, 'reason' | 'policy'>;
  route(): RouteSelection;
  informational(status: number, headers: HeaderList): void;
  onEnd(listener: () => void): void;
}
