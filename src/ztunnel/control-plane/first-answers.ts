import { ADDRESS_TYPE, AUTHORIZATION_TYPE, ENROLMENT_POD_TYPE } from '../../xds/index.ts';

/** Waits until the controller has told the whole mesh once. */
export interface FirstAnswers {
  /** A response of this type has been applied. Returns true while workloads, services and policies are known. */
  applied(typeUrl: string): boolean;
  /** The saved state stands in for the answers. */
  skip(): void;
  /** Resolves when the mesh, its policies and what the controller lists of this node's pods are known. */
  readonly complete: Promise<void>;
}

/** `listsPods`: the controller lists them, and not somebody else. */
export function createFirstAnswers(listsPods: boolean): FirstAnswers {
  const mesh = new Set([ADDRESS_TYPE, AUTHORIZATION_TYPE]);
  const complete = Promise.withResolvers<void>();
  let listed = !listsPods;
  return {
    complete: complete.promise,
    applied(typeUrl) {
      mesh.delete(typeUrl);
      if (typeUrl === ENROLMENT_POD_TYPE) listed = true;
      if (mesh.size > 0) return false;
      if (listed) complete.resolve();
      return true;
    },
    skip() {
      mesh.clear();
      complete.resolve();
    },
  };
}
