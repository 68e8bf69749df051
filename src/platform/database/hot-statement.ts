/**
 * Statements that run too often to be compiled each time. One is compiled behind the tenant's wall once for each shape of
 * its input; its text is kept, with the places where the wall put the tenant's id. From then on these places are filled
 * with the id of the tenant whose segment runs it, and the rest with the input's values: the wall is in the text.
 */
import type { Compilable, Kysely } from 'kysely'
import { compilingKysely, type TenantTables } from './scope.ts'
import { WallError } from './tenant-wall.ts'

export type HotStatement<Input, Row> = {
  readonly name: string
  /** Inputs of one shape give one text: how many rows, say. */
  shapeOf(input: Input): number
  build(query: Kysely<TenantTables>, input: Input): Compilable<Row>
  /** What `build` puts into the statement, in the order of the text, without ids of tenants. */
  values(input: Input): readonly unknown[]
}

/** Runs statements of one tenant: in a segment, or in a transaction of its own. */
export type Run = <Input, Row>(statement: HotStatement<Input, Row>, input: Input) => Promise<Row[]>

type Kept = { text: string; isTenant: readonly boolean[] }
export type HotTexts = Map<string, Kept>

/** Text and parameters of `statement` for that tenant. */
export function fillStatement<Input, Row>(
  texts: HotTexts,
  statement: HotStatement<Input, Row>,
  tenantId: string,
  input: Input,
): { text: string; values: unknown[] } {
  const key = `${statement.name} ${statement.shapeOf(input)}`
  const values = statement.values(input)
  const kept = texts.get(key) ?? keep(texts, key, statement, tenantId, input, values)
  const filled: unknown[] = []
  let next = 0
  for (const isTenant of kept.isTenant) filled.push(isTenant ? tenantId : values[next++])
  if (next !== values.length) throw new WallError(`${statement.name} got values of another shape`)
  return { text: kept.text, values: filled }
}

function keep<Input, Row>(
  texts: HotTexts,
  key: string,
  statement: HotStatement<Input, Row>,
  tenantId: string,
  input: Input,
  values: readonly unknown[],
): Kept {
  const { sql, parameters } = statement.build(compilingKysely(tenantId), input).compile()
  let next = 0
  const isTenant = parameters.map((parameter) => {
    if (parameter === tenantId) return true
    if (!Object.is(parameter, values[next++]))
      throw new WallError(`${statement.name} lists its values in another order`)
    return false
  })
  if (!isTenant.includes(true)) throw new WallError(`${statement.name} names no tenant`)
  const kept = { text: sql, isTenant }
  texts.set(key, kept)
  return kept
}
