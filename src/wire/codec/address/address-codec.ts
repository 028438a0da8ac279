import { create } from '@bufbuild/protobuf';
import { type NetworkAddress, type Service, serviceKey, type Workload } from '../../../model/index.ts';
import { ADDRESS_TYPE, WORKLOAD_TYPE } from '../../../xds/index.ts';
import { AddressSchema, WorkloadSchema } from '../../generated/workload_pb.js';
import { badField } from '../field.ts';
import { type ResourceCodec, resourceCodec } from '../resource-codec.ts';
import { decodeService, encodeService } from './service-codec.ts';
import { decodeWorkload, encodeWorkload } from './workload-codec.ts';

/** What one resource of the Address type is. */
export type AddressResource =
  | { readonly kind: 'workload'; readonly workload: Workload }
  | { readonly kind: 'service'; readonly service: Service };

/** `istio.workload.Address`: workloads and services under one type. */
export const addressCodec: ResourceCodec<AddressResource> = resourceCodec({
  typeUrl: ADDRESS_TYPE,
  schema: AddressSchema,
  toMessage: (value: AddressResource) =>
    create(AddressSchema, {
      type:
        value.kind === 'workload'
          ? { case: 'workload', value: encodeWorkload(value.workload) }
          : { case: 'service', value: encodeService(value.service) },
    }),
  fromMessage({ type }): AddressResource {
    switch (type.case) {
      case 'workload':
        return { kind: 'workload', workload: decodeWorkload(type.value) };
      case 'service':
        return { kind: 'service', service: decodeService(type.value) };
      default:
        throw badField('type', 'expected a workload or a service, got neither');
    }
  },
  nameOf: (value) =>
    value.kind === 'workload'
      ? value.workload.uid
      : serviceKey(value.service.namespace, value.service.hostname),
  aliasesOf: (value) =>
    value.kind === 'workload'
      ? workloadAliases(value.workload)
      : value.service.addresses.filter(isSingle).map(alias),
});

/** `istio.workload.Workload`: workloads alone, for consumers that want no services. */
export const workloadCodec: ResourceCodec<Workload> = resourceCodec({
  typeUrl: WORKLOAD_TYPE,
  schema: WorkloadSchema,
  toMessage: encodeWorkload,
  fromMessage: decodeWorkload,
  nameOf: (workload) => workload.uid,
  aliasesOf: workloadAliases,
});

function workloadAliases(workload: Workload): string[] {
  // A node's address names the node, not one of the pods that share it.
  if (workload.networkMode === 'host-network') return [];
  return workload.addresses.map((address) => alias({ network: workload.network, address }));
}

function alias({ network, address }: Pick<NetworkAddress, 'network' | 'address'>): string {
  return `${network}/${address}`;
}

function isSingle(address: NetworkAddress): boolean {
  return address.prefixLength === undefined;
}
