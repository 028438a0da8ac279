import { type Logger, silentLogger } from '../../base/index.ts';
import { type Authority, IdentityError } from '../../identity/index.ts';
import { workloadIdentity } from '../../model/index.ts';
import type { CertificateRequest, CertificateResponse } from '../../wire/index.ts';
import { ControllerError } from '../errors.ts';
import { accountOf, type Caller } from '../tokens/index.ts';
import { checkImpersonation, type ImpersonationRules, type NodePods } from './impersonation.ts';

/** Who signs, for whom, and for how long at most. */
export interface CertificateServiceOptions extends ImpersonationRules {
  readonly authority: Pick<Authority, 'issue'>;
  readonly pods: NodePods;
  /** The longest life that is given, and the one that is given when none is asked for. */
  readonly maximumTtlMs: number;
  readonly log?: Logger;
}

/** Answers certificate requests: whoever calls gets its own identity, a node proxy those of its node's pods too. */
export interface CertificateService {
  /** Throws ControllerError ERR_CONTROLLER_IDENTITY_REFUSED or ERR_CONTROLLER_CSR. */
  create(request: CertificateRequest, caller: Caller): Promise<CertificateResponse>;
}

/** Rejects with ERR_CONTROLLER_IDENTITY_REFUSED, or with what the authority says of the request. */
export function createCertificateService(options: CertificateServiceOptions): CertificateService {
  const { authority, pods, maximumTtlMs, trustDomain, log = silentLogger } = options;
  return {
    async create(request, caller) {
      const { impersonated } = request;
      if (impersonated !== undefined) {
        checkImpersonation(caller, impersonated, { ...options, ...pods });
      }
      const identity =
        impersonated ??
        workloadIdentity({
          trustDomain,
          namespace: caller.namespace,
          serviceAccount: caller.serviceAccount,
        });
      const ttlMs = request.ttlMs > 0 ? Math.min(request.ttlMs, maximumTtlMs) : maximumTtlMs;
      try {
        const issued = await authority.issue({ csrPem: request.csrPem, identity, ttlMs });
        log.info('certificate issued', {
          identity: identity.id,
          caller: accountOf(caller),
          node: caller.node,
          serial: issued.serial,
          notAfterMs: issued.notAfterMs,
        });
        return { chainPem: issued.chainPem };
      } catch (cause) {
        if (!(cause instanceof IdentityError) || cause.blame !== 'downstream') throw cause;
        const { message } = cause;
        throw new ControllerError({ code: 'ERR_CONTROLLER_CSR', blame: 'downstream', message, cause });
      }
    },
  };
}
