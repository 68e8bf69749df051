import type { AuditAction } from '#kernel/audit-action'

/** Not appended to the trail: the decision row itself is its entry. */
export const decisionCreated: AuditAction = { name: 'decision.created', ocsfClass: 6003, ocsfActivity: 1 }
export const decisionListed: AuditAction = { name: 'decision.listed', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const decisionRead: AuditAction = { name: 'decision.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const decisionReplayed: AuditAction = {
  name: 'decision.replayed',
  ocsfClass: 6003,
  ocsfActivity: 2,
  level: 'reads',
}
export const actions: readonly AuditAction[] = [decisionCreated, decisionListed, decisionRead, decisionReplayed]
