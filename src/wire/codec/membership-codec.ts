import { create } from '@bufbuild/protobuf';
import { type Membership, membershipName, type WorkloadUid } from '../../model/index.ts';
import { MEMBERSHIP_TYPE } from '../../xds/index.ts';
import { BystanderSchema, MembershipSchema, NamespaceMembershipSchema } from '../generated/enrolment_pb.js';
import { badField, requireText } from './field.ts';
import { type ResourceCodec, resourceCodec } from './resource-codec.ts';

/** `nodemesh.enrolment.Membership`. */
export const membershipCodec: ResourceCodec<Membership> = resourceCodec({
  typeUrl: MEMBERSHIP_TYPE,
  schema: MembershipSchema,
  toMessage: (membership: Membership) =>
    create(MembershipSchema, {
      subject:
        membership.kind === 'namespace'
          ? {
              case: 'namespace',
              value: create(NamespaceMembershipSchema, {
                name: membership.namespace,
                joins: membership.joins,
              }),
            }
          : {
              case: 'bystander',
              value: create(BystanderSchema, {
                uid: membership.uid,
                kubernetesUid: membership.kubernetesUid,
                namespace: membership.namespace,
                name: membership.name,
              }),
            },
    }),
  fromMessage({ subject }): Membership {
    switch (subject.case) {
      case 'namespace':
        return {
          kind: 'namespace',
          namespace: requireText(subject.value.name, 'namespace.name'),
          joins: subject.value.joins,
        };
      case 'bystander':
        return {
          kind: 'bystander',
          uid: requireText(subject.value.uid, 'bystander.uid') as WorkloadUid,
          kubernetesUid: subject.value.kubernetesUid,
          namespace: requireText(subject.value.namespace, 'bystander.namespace'),
          name: requireText(subject.value.name, 'bystander.name'),
        };
      case undefined:
        throw badField('subject', 'expected a namespace or a bystander, got neither');
    }
  },
  nameOf: membershipName,
});
