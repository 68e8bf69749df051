import type { AuditAction } from '#kernel/audit-action'

/** Target: `sha256:` and the digest of the new verifier keys as text, so that the old key has signed which keys follow it. */
export const logKeyAnnounced: AuditAction = { name: 'log_key.announced', ocsfClass: 3004, ocsfActivity: 1 }
export const logVisibilityChanged: AuditAction = { name: 'log.visibility_changed', ocsfClass: 3004, ocsfActivity: 3 }
export const contentErased: AuditAction = { name: 'log_content.erased', ocsfClass: 3004, ocsfActivity: 4 }
export const logExported: AuditAction = { name: 'log.exported', ocsfClass: 6003, ocsfActivity: 2 }
export const followerStarted: AuditAction = { name: 'log_follower.started', ocsfClass: 3004, ocsfActivity: 1 }
export const followerStopped: AuditAction = { name: 'log_follower.stopped', ocsfClass: 3004, ocsfActivity: 4 }
/** Target: the name of its keys. */
export const witnessAdded: AuditAction = { name: 'log_witness.added', ocsfClass: 3004, ocsfActivity: 1 }
export const witnessRemoved: AuditAction = { name: 'log_witness.removed', ocsfClass: 3004, ocsfActivity: 4 }
export const quorumChanged: AuditAction = { name: 'log.quorum_changed', ocsfClass: 3004, ocsfActivity: 3 }
export const actions: readonly AuditAction[] = [
  logKeyAnnounced,
  logVisibilityChanged,
  contentErased,
  logExported,
  followerStarted,
  followerStopped,
  witnessAdded,
  witnessRemoved,
  quorumChanged,
]
