import type { AuditAction } from '#kernel/audit-action'
import { levelChanged } from '#platform/audit'

export const auditRead: AuditAction = { name: 'audit.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const levelRead: AuditAction = { name: 'audit_level.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
/** A valid key asked for what its scopes do not name. */
export const accessRefused: AuditAction = { name: 'access.refused', ocsfClass: 6003, ocsfActivity: 99 }
export const actions: readonly AuditAction[] = [auditRead, levelRead, accessRefused, levelChanged]
