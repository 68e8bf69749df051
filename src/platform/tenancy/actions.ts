import type { AuditAction } from '#kernel/audit-action'

export const tenantCreated: AuditAction = { name: 'tenant.created', ocsfClass: 3004, ocsfActivity: 1 }
export const actions: readonly AuditAction[] = [tenantCreated]
