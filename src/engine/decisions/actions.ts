import type { AuditAction } from '#kernel/audit-action'

/** Not appended to the trail: the decision row itself is its entry. */
export const decisionCreated: AuditAction = { name: 'decision.created', ocsfClass: 6003, ocsfActivity: 1 }
export const actions: readonly AuditAction[] = [decisionCreated]
