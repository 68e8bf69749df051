/**
 * What can be written in the trail. Each module declares its actions beside their use; `app.ts` gathers them into the
 * closed list that `audit.append` accepts. OCSF 1.x class and activity say how an export names the action.
 */
export type AuditAction = {
  /** `noun.verb`, the verb in the past: `key.issued`. */
  name: `${string}.${string}`
  /** OCSF class, e.g. 3001 account change, 3004 entity management, 6003 API activity. */
  ocsfClass: 3001 | 3002 | 3003 | 3004 | 3005 | 3006 | 6003
  /** OCSF activity within the class: for 3004 and 6003 create 1, read 2, update 3, delete 4, other 99. */
  ocsfActivity: number
  /** `reads`: a tenant may choose to leave it out. Absent: the floor, changes and refusals, which are always written. */
  level?: 'reads'
}
