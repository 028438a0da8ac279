import { decideL7 } from '../../policy/index.ts';
import { connectionAttributes } from './attributes.ts';
import { consult } from './authorizers/consult.ts';
import type { QuestionParties } from './authorizers/question.ts';
import { deniedByAuthorizer } from './denial.ts';
import type { Admission } from './live-connections.ts';
import type { GuardDeps } from './guard-deps.ts';
import { conclude, noteAudits } from './note-decision.ts';

/** A connection that is carried as it comes. */
export interface JudgedConnection extends QuestionParties {
  /** The name in its TLS ClientHello; empty: none. */
  readonly sni: string;
}

/**
 * Resolves when the connection may go on, with why. Rejects with ERR_WAYPOINT_DENIED, with ERR_WAYPOINT_AUTHORIZER where an authorizer
 * does not answer, and with the signal's reason when nobody waits any more.
 */
export type JudgeConnection = (connection: JudgedConnection) => Promise<Admission>;

/**
 * Judges plain connections by the same policies as requests. The parts of rules that look at HTTP never hold for ALLOW, and
 * always do for DENY and CUSTOM.
 */
export function createConnectionJudge(deps: GuardDeps): JudgeConnection {
  return async (connection) => {
    const { policies } = connection.plan.authorization;
    const attributes = connectionAttributes(connection, connection.sni);
    const decision = decideL7({ policies, attributes });
    noteAudits(decision, connection, deps);
    if (decision.verdict !== 'custom-needed') {
      conclude(decision, deps);
      return { attributes, policies, authorizers: new Set() };
    }
    const question = { parties: connection, sni: connection.sni, http: undefined };
    const consultation = await consult(decision.authorizers, question, deps);
    if (!consultation.allowed) throw deniedByAuthorizer(consultation.need);
    conclude(decideL7({ policies, attributes, authorized: true }), deps);
    return {
      attributes,
      policies,
      authorizers: new Set(decision.authorizers.map(({ provider }) => provider)),
    };
  };
}
