/** Which entries an event is asked of: the blind keys of its values, and of the ranges that its address lies in. */
import type { TenantKeys } from '#platform/encryption'
import { networksOf } from './addresses.ts'
import type { FormRow, MatchRow } from './store.ts'

/** What entries of a tenant's lists look like: each field they have, with the lengths of its ranges. */
export type ListForms = ReadonlyMap<string, readonly number[]>
export type ListMatch = { list: string; kind: 'allow' | 'deny' | 'custom'; field: string }
export type Listed = { field: string; value: string }

/** The length of a prefix in a row of something that is no range. */
export const noPrefix = -1

export function toForms(rows: readonly FormRow[]): ListForms {
  const forms = new Map<string, number[]>()
  for (const { field, prefix } of rows) {
    const prefixes = forms.get(field) ?? []
    forms.set(field, prefix === noPrefix ? prefixes : [...prefixes, prefix])
  }
  return forms
}

export const blindValue = (keys: TenantKeys, field: string, value: string): Buffer => keys.blind(`list:${field}`, value)

/** Nothing for fields that no entry has. */
export function valueKeysOf(keys: TenantKeys, values: readonly Listed[], forms: ListForms): Buffer[] {
  return values.flatMap(({ field, value }) => {
    const prefixes = forms.get(field)
    if (!prefixes) return []
    const spellings = field === 'ip' ? networksOf(value, prefixes) : [value]
    return spellings.map((spelling) => blindValue(keys, field, spelling))
  })
}

/** Of rows that many events asked for, those that this one matched, in the order of lists and fields. */
export function matchesOf(rows: readonly MatchRow[], valueKeys: readonly Buffer[]): ListMatch[] {
  if (rows.length === 0 || valueKeys.length === 0) return []
  const asked = new Set(valueKeys.map((key) => key.toString('latin1')))
  return rows.flatMap(({ list, kind, field, value_key }) =>
    asked.has(value_key.toString('latin1')) && (kind === 'allow' || kind === 'deny' || kind === 'custom')
      ? [{ list, kind, field }]
      : [],
  )
}
