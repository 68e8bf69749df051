import type { AuditAction } from '#kernel/audit-action'

export const keyIssued: AuditAction = { name: 'key.issued', ocsfClass: 3001, ocsfActivity: 1 }
export const keyRotated: AuditAction = { name: 'key.rotated', ocsfClass: 3001, ocsfActivity: 3 }
export const keyRevoked: AuditAction = { name: 'key.revoked', ocsfClass: 3001, ocsfActivity: 5 }
export const keyListed: AuditAction = { name: 'key.listed', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const actions: readonly AuditAction[] = [keyIssued, keyRotated, keyRevoked, keyListed]
