import type { AuditAction } from '#kernel/audit-action'

export const usageRead: AuditAction = { name: 'usage.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const analyticsRead: AuditAction = { name: 'analytics.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const actions: readonly AuditAction[] = [usageRead, analyticsRead]
