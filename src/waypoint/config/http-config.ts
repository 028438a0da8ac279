import { HTTP_CONFIG_RANGES, type HttpConfig, resolveHttpConfig } from '../../http/index.ts';
import { byteSize, type Problems, rangedDurationMs, wholeNumber } from '../../proxy/index.ts';

/** The options that are about HTTP, each with a value. */
export interface HttpLimitOptions {
  readonly maxHeaderBytes: string;
  readonly maxHeaderCount: string;
  readonly maxTargetBytes: string;
  readonly maxConcurrentStreams: string;
  readonly headTimeout: string;
  readonly idleTimeout: string;
  readonly bodyIdleTimeout: string;
}

/** Notes each that is out of its range. */
export function httpConfig(problems: Problems, options: HttpLimitOptions): HttpConfig {
  const ranges = HTTP_CONFIG_RANGES;
  return resolveHttpConfig({
    maxHeadBytes: byteSize(problems, '--max-header-bytes', options.maxHeaderBytes, ranges.maxHeadBytes),
    maxHeaderCount: wholeNumber(
      problems,
      '--max-header-count',
      options.maxHeaderCount,
      ranges.maxHeaderCount,
    ),
    maxTargetBytes: byteSize(problems, '--max-target-bytes', options.maxTargetBytes, ranges.maxTargetBytes),
    maxConcurrentStreams: wholeNumber(
      problems,
      '--max-concurrent-streams',
      options.maxConcurrentStreams,
      ranges.maxConcurrentStreams,
    ),
    headTimeoutMs: rangedDurationMs(problems, '--head-timeout', options.headTimeout, ranges.headTimeoutMs),
    idleTimeoutMs: rangedDurationMs(problems, '--idle-timeout', options.idleTimeout, ranges.idleTimeoutMs),
    bodyIdleTimeoutMs: rangedDurationMs(
      problems,
      '--body-idle-timeout',
      options.bodyIdleTimeout,
      ranges.bodyIdleTimeoutMs,
    ),
  });
}
