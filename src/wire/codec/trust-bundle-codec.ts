import { create } from '@bufbuild/protobuf';
import { checkTrustDomain, type TrustBundle } from '../../model/index.ts';
import { TRUST_BUNDLE_TYPE } from '../../xds/index.ts';
import { TrustBundleSchema } from '../generated/identity_pb.js';
import { badField, checkField } from './field.ts';
import { type ResourceCodec, resourceCodec } from './resource-codec.ts';

/** `nodemesh.identity.TrustBundle`, named by its trust domain. */
export const trustBundleCodec: ResourceCodec<TrustBundle> = resourceCodec({
  typeUrl: TRUST_BUNDLE_TYPE,
  schema: TrustBundleSchema,
  toMessage: (bundle: TrustBundle) =>
    create(TrustBundleSchema, {
      trustDomain: bundle.trustDomain,
      roots: [...bundle.rootsPem],
      crls: [...bundle.crlsPem],
      version: bundle.version,
    }),
  fromMessage(message): TrustBundle {
    // Nobody means to distrust everybody: an empty bundle is a mistake, and the last good one stays in force.
    if (message.roots.length === 0) throw badField('roots', 'expected at least one certificate, got none');
    return {
      trustDomain: checkField('trust_domain', () => checkTrustDomain(message.trustDomain)),
      rootsPem: message.roots,
      crlsPem: message.crls,
      version: message.version,
    };
  },
  nameOf: (bundle) => bundle.trustDomain,
});
