import type { AuditAction } from '#kernel/audit-action'

export const claimStateChanged: AuditAction = { name: 'claim.state_changed', ocsfClass: 3004, ocsfActivity: 3 }
export const actions: readonly AuditAction[] = [claimStateChanged]
