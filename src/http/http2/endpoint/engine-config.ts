import type { HttpConfig } from '../../config.ts';
import type { Http2Config } from '../config.ts';

/** What the engine has to know of the configuration. */
export function engineConfig(config: HttpConfig): Http2Config {
  return { ...config, headerListBytes: config.maxHeadBytes };
}
