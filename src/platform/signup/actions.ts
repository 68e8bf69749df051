import type { AuditAction } from '#kernel/audit-action'

export const tenantSignedUp: AuditAction = { name: 'tenant.signed_up', ocsfClass: 3004, ocsfActivity: 1 }
export const contactRead: AuditAction = { name: 'contact.read', ocsfClass: 6003, ocsfActivity: 2 }
export const actions: readonly AuditAction[] = [tenantSignedUp, contactRead]
