import type { AuditAction } from '#kernel/audit-action'

export const retentionApplied: AuditAction = { name: 'retention.applied', ocsfClass: 3004, ocsfActivity: 4 }
export const actions: readonly AuditAction[] = [retentionApplied]
