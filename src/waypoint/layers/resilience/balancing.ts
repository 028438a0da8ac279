import type { AppProtocol, Service } from '../../../model/index.ts';
import { declaredProtocol } from '../../listener/declared-protocol.ts';
import type { Handler } from '../../request/layer.ts';
import { requestHash } from '../../upstream/sending/hash-key.ts';
import { sendRequest } from '../../upstream/sending/send-request.ts';
import { upstreamVersion } from '../../upstream/sending/upstream-version.ts';
import type { Upstreams } from '../../upstream/upstreams.ts';

/** The leaf: chooses one endpoint of the backend, as its policy says, and sends the request there, once. */
export function createBalancingLeaf(upstreams: Upstreams): Handler {
  const { clock, view } = upstreams.deps;
  return async (request, context) => {
    const { backend, settings } = upstreams.forRequest(context);
    const { record, client, dialled, excluded, stickTo } = context;
    const { hash, setCookie } = requestHash(settings.loadBalancer, request, client.address);
    const service = backend.service();
    record.backendService = service ?? dialled.service;
    const endpoint = backend.choose({ settings, hash, avoid: excluded, stickTo });
    record.upstream = endpoint.workload;
    const protocol =
      service === undefined ? declaredProtocol(dialled, view) : protocolOf(service, backend.ref.port);
    const response = await sendRequest({
      endpoint,
      request,
      context,
      settings,
      version: upstreamVersion(request, protocol),
      clock,
      report(result) {
        // How long to wait is a consumer's own word, and others share the endpoint.
        const isHaste = context.consumer !== undefined && result.outcome.kind === 'timed-out';
        if (!isHaste) backend.report(endpoint, result, settings);
      },
    });
    if (setCookie !== undefined) response.headers.add('set-cookie', setCookie);
    return response;
  };
}

function protocolOf({ ports }: Service, port: number): AppProtocol {
  return ports.find(({ servicePort }) => servicePort === port)?.appProtocol ?? 'unknown';
}
