import { create } from '@bufbuild/protobuf';
import { type GatewayAddress, ipAddressToBytes, type NetworkAddress } from '../../../model/index.ts';
import {
  GatewayAddressSchema,
  type GatewayAddress as WireGatewayAddress,
  NamespacedHostnameSchema,
  NetworkAddressSchema,
  type NetworkAddress as WireNetworkAddress,
} from '../../generated/workload_pb.js';
import { badField, decodeAddress, decodePort, decodeRange, requireText } from '../field.ts';

/** `istio.workload.GatewayAddress`. */
export function encodeGateway(gateway: GatewayAddress): WireGatewayAddress {
  const hboneMtlsPort = gateway.hboneMtlsPort;
  if (gateway.kind === 'hostname') {
    const value = create(NamespacedHostnameSchema, {
      namespace: gateway.namespace,
      hostname: gateway.hostname,
    });
    return create(GatewayAddressSchema, { hboneMtlsPort, destination: { case: 'hostname', value } });
  }
  const address = ipAddressToBytes(gateway.address);
  const value = create(NetworkAddressSchema, { network: gateway.network, address });
  return create(GatewayAddressSchema, { hboneMtlsPort, destination: { case: 'address', value } });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeGateway(message: WireGatewayAddress, path: string): GatewayAddress {
  const hboneMtlsPort = decodePort(message.hboneMtlsPort, `${path}.hbone_mtls_port`);
  const { destination } = message;
  switch (destination.case) {
    case 'hostname': {
      const { namespace } = destination.value;
      const hostname = requireText(destination.value.hostname, `${path}.hostname`);
      return { kind: 'hostname', namespace, hostname, hboneMtlsPort };
    }
    case 'address': {
      const address = decodeAddress(destination.value.address, `${path}.address`);
      return { kind: 'address', network: destination.value.network, address, hboneMtlsPort };
    }
    default:
      throw badField(`${path}.destination`, 'expected a hostname or an address, got neither');
  }
}

/** `istio.workload.NetworkAddress`. */
export function encodeNetworkAddress(address: NetworkAddress): WireNetworkAddress {
  const bytes = ipAddressToBytes(address.address);
  const message = create(NetworkAddressSchema, { network: address.network, address: bytes });
  if (address.prefixLength !== undefined) message.length = address.prefixLength;
  return message;
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeNetworkAddress(message: WireNetworkAddress, path: string): NetworkAddress {
  if (message.length === undefined) {
    const address = decodeAddress(message.address, path);
    return { network: message.network, address, prefixLength: undefined };
  }
  const { address, prefixLength } = decodeRange(message.address, message.length, path);
  return { network: message.network, address, prefixLength };
}
