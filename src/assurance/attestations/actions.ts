import type { AuditAction } from '#kernel/audit-action'

export const attestationKeyMade: AuditAction = { name: 'attestation_key.made', ocsfClass: 3004, ocsfActivity: 1 }
export const actions: readonly AuditAction[] = [attestationKeyMade]
