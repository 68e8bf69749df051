import type { AuditAction } from '#kernel/audit-action'

export const draftSaved: AuditAction = { name: 'policy_draft.saved', ocsfClass: 3004, ocsfActivity: 3 }
export const policyPublished: AuditAction = { name: 'policy.published', ocsfClass: 3004, ocsfActivity: 1 }
export const policyRolledBack: AuditAction = { name: 'policy.rolled_back', ocsfClass: 3004, ocsfActivity: 3 }
export const policyRead: AuditAction = { name: 'policy.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const draftRead: AuditAction = { name: 'policy_draft.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const versionsListed: AuditAction = { name: 'policy_version.listed', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' } // prettier-ignore
export const versionRead: AuditAction = { name: 'policy_version.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' } // prettier-ignore
export const versionsCompared: AuditAction = { name: 'policy_version.compared', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' } // prettier-ignore
export const actions: readonly AuditAction[] = [
  draftSaved, policyPublished, policyRolledBack, policyRead, draftRead, versionsListed, versionRead, versionsCompared,
] // prettier-ignore
