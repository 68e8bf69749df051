import type { AuditAction } from '#kernel/audit-action'

export const outcomeRecorded: AuditAction = { name: 'outcome.recorded', ocsfClass: 3004, ocsfActivity: 1 }
export const outcomeListed: AuditAction = { name: 'outcome.listed', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const actions: readonly AuditAction[] = [outcomeRecorded, outcomeListed]
