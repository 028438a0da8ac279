import { expiryWarning } from '../certificates/index.ts';
import { type AuthorityState, type RootStatus, rootError } from './authority.ts';
import type { RootSigners } from './root-signers.ts';

/*
 * A root rotation, as pure steps on the authority's state:
 *
 *   [A active] ──addRoot──▶ [A active, B added] ──activateRoot──▶ [B active, A retired] ──removeRoot──▶ [B active]
 *
 * Between the steps everybody must have got the new bundle; until A is removed, leaves under B also carry B's
 * certificate by A, so that whoever was late still accepts them.
 */

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

export function rootStatuses(state: AuthorityState, nowMs: number): readonly RootStatus[] {
  return state.roots.map((root, index) => {
    const { certificate } = root.root;
    const intermediate = root.intermediates.at(-1)?.certificate;
    const { neededUntilMs } = root.record;
    return {
      name: root.root.name,
      fingerprint: certificate.fingerprint,
      state: index === 0 ? 'active' : neededUntilMs === undefined ? 'added' : 'retired',
      notAfterMs: certificate.notAfterMs,
      warning: expiryWarning(certificate.notAfterMs, nowMs),
      intermediate: intermediate && {
        notAfterMs: intermediate.notAfterMs,
        warning: expiryWarning(intermediate.notAfterMs, nowMs),
      },
      neededUntilMs,
    };
  });
}
