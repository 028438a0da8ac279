import { type Command, Option } from 'commander';
import {
  type PathPattern,
  pathPattern,
  type StatusPattern,
  statusPattern,
  type TapFilter,
} from './tap-filter.ts';
import type { Verdict } from './tap-event.ts';

/** What `withTapFilter` adds. */
export interface TapFilterOptions {
  readonly namespace?: string;
  readonly workload?: string;
  readonly verdict?: Verdict;
  readonly method?: string;
  readonly path?: PathPattern;
  readonly status?: StatusPattern;
}

/** The filters of what goes by: `tap` and `logs` have the same ones. */
export function withTapFilter(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'only with an end in this namespace')
    .option('--workload <name>', 'only with this workload, pod or service at either end')
    .addOption(
      new Option('--verdict <verdict>', 'only what became of it').choices(['allowed', 'refused', 'failed']),
    )
    .option('--method <method>', 'only requests with this method')
    .option('--path <path>', "only requests for this path, or '/orders/*' and below", pathPattern)
    .option('--status <status>', 'only requests answered with this: 503, 5xx or 400-499', statusPattern);
}

/** The options as a filter. */
export function tapFilter(options: TapFilterOptions): TapFilter {
  const { namespace, workload, verdict, method, path, status } = options;
  return { namespace, workload, verdict, method, path, status };
}
