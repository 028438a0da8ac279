import { create } from '@bufbuild/protobuf';
import type { AppProtocol, PortMapping } from '../../../model/index.ts';
import {
  PortSchema,
  AppProtocol as WireAppProtocol,
  type Port as WirePort,
} from '../../generated/workload_pb.js';
import { enumTable } from '../enum-table.ts';
import { decodePort } from '../field.ts';

/** A hint for L7 alone: one that is not known is no hint. */
const APP_PROTOCOLS = enumTable<AppProtocol>(
  {
    unknown: WireAppProtocol.UNKNOWN,
    http1: WireAppProtocol.HTTP11,
    http2: WireAppProtocol.HTTP2,
    grpc: WireAppProtocol.GRPC,
    tcp: WireAppProtocol.TCP,
    tls: WireAppProtocol.TLS,
  },
  'unknown',
);

/** `istio.workload.Port`, in the order given. */
export function encodePorts(ports: readonly PortMapping[]): WirePort[] {
  return ports.map(({ servicePort, targetPort, appProtocol }) =>
    create(PortSchema, { servicePort, targetPort, appProtocol: APP_PROTOCOLS.encode(appProtocol) }),
  );
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodePorts(ports: readonly WirePort[], path: string): PortMapping[] {
  return ports.map((port, index) => ({
    servicePort: decodePort(port.servicePort, `${path}[${index}].service_port`),
    targetPort: decodePort(port.targetPort, `${path}[${index}].target_port`),
    appProtocol: APP_PROTOCOLS.decode(port.appProtocol, `${path}[${index}].app_protocol`),
  }));
}
