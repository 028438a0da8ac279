import type { RequestLog } from '../../../telemetry/index.ts';
import type { Layer } from '../../request/layer.ts';

/** Writes one line for each request when it is over. */
export function accessLogLayer(log: RequestLog): Layer {
  return (next) => (request, context) => {
    const { client, dialled, record } = context;
    context.onEnd(() =>
      log.ended({
        source: client,
        sourceWorkload: client.workload,
        sourceIdentity: client.identity,
        service: dialled.service,
        protocol: `HTTP/${request.version}`,
        method: request.method,
        host: request.authority,
        path: request.target.split('?', 1)[0] ?? '',
        ...record,
      }),
    );
    return next(request, context);
  };
}
