import { type ExpiryWarning, expiryWarning } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import type { AuthorityState } from './authority-state.ts';
import type { RootSigners } from './root-signers.ts';

/*
 * A root rotation, as pure steps on the authority's state:
 *
 *   [A active] ──addRoot──▶ [A active, B added] ──activateRoot──▶ [B active, A retired] ──removeRoot──▶ [B active]
 *
 * Between the steps everybody must have got the new bundle; until A is removed, leaves under B also carry B's
 * certificate by A, so that whoever was late still accepts them.
 */

/** A root as an operator sees it. */
export interface RootStatus {
  readonly name: string;
  readonly fingerprint: string;
  /** `added` roots are trusted and do not sign yet; `retired` ones do not sign any more. */
  readonly state: 'active' | 'added' | 'retired';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly warning: ExpiryWarning | undefined;
  /** Of the signing intermediate, where there is one. */
  readonly intermediate:
    | {
        readonly serial: string;
        readonly notBeforeMs: number;
        readonly notAfterMs: number;
        readonly warning: ExpiryWarning | undefined;
      }
    | undefined;
  /** Until when certificates under a retired root may be in use. */
  readonly neededUntilMs: number | undefined;
  /** When it was handed in; undefined for one of our own making. */
  readonly pluggedAtMs: number | undefined;
}

/** The new root goes behind those that are there. */
export function addRoot(state: AuthorityState, created: RootSigners): AuthorityState {
  const [active, ...others] = state.roots;
  return {
    record: { ...state.record, roots: [...state.record.roots, created.record] },
    roots: [active, ...others, created],
  };
}

/** `neededUntilMs`: when the last certificate under the root that signed so far will have expired. */
export function activateRoot(state: AuthorityState, name: string, neededUntilMs: number): AuthorityState {
  const [previous] = state.roots;
  if (previous.root.name === name) return state;
  const retired: RootSigners = { ...previous, record: { ...previous.record, neededUntilMs } };
  const roots = state.roots.map((root) => (root === previous ? retired : root));
  const chosen = roots.find((root) => root.root.name === name);
  if (chosen === undefined) throw rootError(`expected a root of this authority, got ${JSON.stringify(name)}`);
  const active: RootSigners = { ...chosen, record: { ...chosen.record, neededUntilMs: undefined } };
  const others = roots.filter((root) => root !== chosen);
  return {
    record: { ...state.record, activeRoot: name, roots: [active, ...others].map((root) => root.record) },
    roots: [active, ...others],
  };
}

/** Also gives the names of the signers whose files are not needed any more. */
export function removeRoot(
  state: AuthorityState,
  name: string,
): { readonly next: AuthorityState; readonly removedSigners: readonly string[] } {
  const [active, ...others] = state.roots;
  const removed = others.find((root) => root.root.name === name);
  if (removed === undefined)
    throw rootError(`expected a root that does not sign, got ${JSON.stringify(name)}`);
  return {
    next: {
      record: { ...state.record, roots: state.record.roots.filter((root) => root.name !== name) },
      roots: [active, ...others.filter((root) => root !== removed)],
    },
    removedSigners: [name, ...removed.record.intermediates],
  };
}

/** The active root first. */
export function rootStatuses(state: AuthorityState, nowMs: number): readonly RootStatus[] {
  return state.roots.map((root, index) => {
    const { certificate } = root.root;
    const intermediate = root.intermediates.at(-1)?.certificate;
    const { neededUntilMs } = root.record;
    return {
      name: root.root.name,
      fingerprint: certificate.fingerprint,
      state: index === 0 ? 'active' : neededUntilMs === undefined ? 'added' : 'retired',
      notBeforeMs: certificate.notBeforeMs,
      notAfterMs: certificate.notAfterMs,
      warning: expiryWarning(certificate.notAfterMs, nowMs),
      intermediate: intermediate && {
        serial: intermediate.serial,
        notBeforeMs: intermediate.notBeforeMs,
        notAfterMs: intermediate.notAfterMs,
        warning: expiryWarning(intermediate.notAfterMs, nowMs),
      },
      neededUntilMs,
      pluggedAtMs: root.record.plugged?.addedAtMs,
    };
  });
}

/** @throws IdentityError ERR_IDENTITY_ROOT_STEP when the root signs, or certificates under it may be in use and it is not forced. */
export function checkRemovable(root: RootStatus, nowMs: number, force: boolean): void {
  if (root.state === 'active')
    throw rootError(
      `expected a root that does not sign, got the active one ${root.name}`,
      'activate another first',
    );
  if (force || root.neededUntilMs === undefined || root.neededUntilMs <= nowMs) return;
  throw rootError(
    `expected no certificate under ${root.name} to be in use, got some possible until ${new Date(root.neededUntilMs).toISOString()}`,
    'wait until then, or force it once every proxy has renewed its certificates',
  );
}

/** An ERR_IDENTITY_ROOT_STEP. */
export function rootError(message: string, hint?: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_ROOT_STEP', blame: 'local', message, hint });
}
