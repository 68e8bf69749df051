import type { AuditAction } from '#kernel/audit-action'

export const listPut: AuditAction = { name: 'list.put', ocsfClass: 3004, ocsfActivity: 3 }
export const listDeleted: AuditAction = { name: 'list.deleted', ocsfClass: 3004, ocsfActivity: 4 }
export const entryAdded: AuditAction = { name: 'list_entry.added', ocsfClass: 3004, ocsfActivity: 1 }
export const entriesImported: AuditAction = { name: 'list_entry.imported', ocsfClass: 3004, ocsfActivity: 1 }
export const entryDeleted: AuditAction = { name: 'list_entry.deleted', ocsfClass: 3004, ocsfActivity: 4 }
export const listListed: AuditAction = { name: 'list.listed', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
/** Its entries were read. */
export const listRead: AuditAction = { name: 'list.read', ocsfClass: 6003, ocsfActivity: 2, level: 'reads' }
export const actions: readonly AuditAction[] = [
  listPut,
  listDeleted,
  entryAdded,
  entriesImported,
  entryDeleted,
  listListed,
  listRead,
]
