import type { Logger } from '../../../base/index.ts';
import { isServedBy } from '../../../model/index.ts';
import type { DeltaServer } from '../../../xds/index.ts';

/** Says in the log, once for each, which proxies are too far from this controller's version. Returns what stops it. */
export function warnOfSkew(
  { greetings }: Pick<DeltaServer, 'greetings'>,
  version: string,
  log: Pick<Logger, 'warn'>,
): () => void {
  const told = new Map<string, string>();
  return greetings.subscribe(({ proxy, version: own }) => {
    // A stock proxy, or one from before versions were said.
    if (own === '' || isServedBy(version, own)) told.delete(proxy);
    else if (told.get(proxy) !== own) {
      told.set(proxy, own);
      log.warn('proxy is more than a minor version apart', { proxy, version: own, controller: version });
    }
  });
}
