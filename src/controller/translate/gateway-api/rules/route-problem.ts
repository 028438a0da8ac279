/** Why a rule cannot be done as it is written. It depends on nothing but the rule. */
export interface RuleProblem {
  readonly reason: 'UnsupportedValue' | 'IncompatibleFilters';
  readonly message: string;
}

/** Why something that a rule refers to cannot be used. It may be cured by other objects. */
export interface ReferenceProblem {
  readonly reason:
    | 'InvalidKind'
    | 'RefNotPermitted'
    | 'BackendNotFound'
    | 'UnsupportedProtocol'
    | 'UnsupportedValue';
  readonly message: string;
}
