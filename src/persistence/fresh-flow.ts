/** A flow as it begins: by the claim of its first owner. */
import type { ClaimRequest } from './backend.ts';
import { flowNotFound } from './ownership.ts';
import type { FlowDetail, Owner } from './records.ts';

/** Its first owner has it. */
export type BegunFlow = FlowDetail & { readonly owner: Owner };

/** @throws TaskloomError FLOW_NOT_FOUND where the request does not say how it would begin */
export function begunFlow({ flowId, owner, lease, fresh }: ClaimRequest, now: number): BegunFlow {
  if (fresh === null) throw flowNotFound(flowId);
  return {
    flowId,
    name: fresh.name,
    logbook: fresh.logbook,
    state: 'PENDING',
    createdAt: now,
    updatedAt: now,
    atoms: fresh.atoms,
    outline: fresh.outline,
    factory: fresh.factory,
    asked: null,
    owner,
    expiresAt: now + lease,
    epoch: 1,
    rest: null,
  };
}
