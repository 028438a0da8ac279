import type { HeaderList } from '../../../http/index.ts';
import type { RequestLog } from '../../../telemetry/index.ts';
import type { Layer } from '../../request/layer.ts';

/** Writes one line for each request when it is over. */
export function accessLogLayer(log: RequestLog): Layer {
  return (next) => (request, context) => {
    const { client, dialled, record } = context;
    context.onEnd(() => {
      if (!log.isWanted(record, dialled.service)) return;
      log.ended({
        source: client,
        sourceWorkload: client.workload,
        sourceIdentity: client.identity,
        service: dialled.service,
        protocol: `HTTP/${request.version}`,
        method: request.method,
        host: request.authority,
        path: withoutQuery(request.target),
        ...record,
        headers: () => headersOf(request.headers),
      });
    });
    return next(request, context);
  };
}

function withoutQuery(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

function headersOf(list: HeaderList): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index < list.size; index++) {
    const name = list.lowerNameAt(index);
    const before = headers[name];
    headers[name] = before === undefined ? list.valueAt(index) : `${before}, ${list.valueAt(index)}`;
  }
  return headers;
}
