/**
 * The first of two walls, in the app: a Kysely plugin that confines every statement of a scope to one tenant, whatever
 * the statement says. (The second is row security in the database; each holds without the other.)
 *
 * - Every table read (from, join, using, in any depth) becomes `(select * from t where tenant_id = $tenant)`.
 * - Updates and deletes get `tenant_id = $tenant`; inserts get the tenant's id in `tenant_id`, and nothing else.
 * - Refused, because a wall cannot be put around them: raw SQL, functions not listed here, global tables, schemas,
 *   `insert … select`, `merge`, and writing `tenant_id` by hand. Names of common table expressions begin with `_`, which
 *   no table's does, so that the two cannot be taken for each other.
 */
import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type CommonTableExpressionNameNode,
  type DeleteQueryNode,
  FromNode,
  type FunctionNode,
  IdentifierNode,
  type InsertQueryNode,
  type JoinNode,
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  type RawNode,
  ReferenceNode,
  type RootOperationNode,
  SelectAllNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  type UsingNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  WhereNode,
} from 'kysely'

/** Tables that belong to nobody. A scope cannot reach them; everything else is taken for a tenant table. */
export const globalTables: ReadonlySet<string> = new Set(['installation', 'tenant'])

export class WallError extends Error {
  constructor(why: string) {
    super(`the tenant wall refuses this statement: ${why}`)
    this.name = 'WallError'
  }
}

const rootKinds = new Set(['SelectQueryNode', 'InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode'])

/** Functions a statement may call: they compute on what they are given and read nothing else. */
const pureFunctions = new Set(['any', 'array_agg', 'avg', 'coalesce', 'count', 'greatest', 'least', 'length', 'lower', 'max', 'min', 'sum'])
const sortDirection = /^(asc|desc)?( ?nulls (first|last))?$/

class Confine extends OperationNodeTransformer {
  readonly #tenantId: string

  constructor(tenantId: string) {
    super()
    this.#tenantId = tenantId
  }

  #isTenant(table?: TableNode): BinaryOperationNode {
    const column = ReferenceNode.create(ColumnNode.create('tenant_id'), table)
    return BinaryOperationNode.create(column, OperatorNode.create('='), ValueNode.create(this.#tenantId))
  }

  /** A read of `t` becomes a read of the tenant's part of `t`, under the same name. */
  #confineRead(node: OperationNode): OperationNode {
    if (AliasNode.is(node) && TableNode.is(node.node) && !isExpressionName(node.node)) {
      return AliasNode.create(this.#part(node.node), node.alias)
    }
    if (TableNode.is(node)) {
      return isExpressionName(node) ? node : AliasNode.create(this.#part(node), IdentifierNode.create(nameOf(node)))
    }
    return this.transformNode(node)
  }

  #part(table: TableNode): ParensNode {
    nameOf(table)
    const part: SelectQueryNode = {
      ...SelectQueryNode.createFrom([table]),
      selections: [SelectionNode.create(SelectAllNode.create())],
      where: WhereNode.create(this.#isTenant()),
    }
    return ParensNode.create(part)
  }

  #and(where: WhereNode | undefined, condition: OperationNode): WhereNode {
    return WhereNode.create(where ? AndNode.create(ParensNode.create(where.where), condition) : condition)
  }

  protected override transformFrom(node: FromNode): FromNode {
    return FromNode.create(node.froms.map((from) => this.#confineRead(from)))
  }

  protected override transformUsing(node: UsingNode): UsingNode {
    return { ...node, tables: node.tables.map((table) => this.#confineRead(table)) }
  }

  protected override transformJoin(node: JoinNode): JoinNode {
    const inner = super.transformJoin({ ...node, table: IdentifierNode.create('_') })
    return { ...inner, table: this.#confineRead(node.table) }
  }

  protected override transformCommonTableExpressionName(node: CommonTableExpressionNameNode): CommonTableExpressionNameNode {
    if (!isExpressionName(node.table)) throw new WallError('names of common table expressions begin with _')
    return super.transformCommonTableExpressionName(node)
  }

  protected override transformUpdateQuery(node: UpdateQueryNode): UpdateQueryNode {
    if (!node.table) throw new WallError('an update names its table')
    const target = writeTarget(node.table)
    for (const { column } of node.updates ?? []) refuseTenantColumn(column)
    const inner = super.transformUpdateQuery({ ...node, table: IdentifierNode.create('_') })
    return { ...inner, table: target, where: this.#and(inner.where, this.#isTenant(target)) }
  }

  protected override transformDeleteQuery(node: DeleteQueryNode): DeleteQueryNode {
    const [from, ...others] = node.from.froms
    if (!from || others.length > 0) throw new WallError('a delete names one table')
    const target = writeTarget(from)
    const inner = super.transformDeleteQuery({ ...node, from: FromNode.create([]) })
    return { ...inner, from: node.from, where: this.#and(inner.where, this.#isTenant(target)) }
  }

  protected override transformInsertQuery(node: InsertQueryNode): InsertQueryNode {
    const { into, columns, values } = node
    if (!into || !columns || !values || !ValuesNode.is(values)) throw new WallError('an insert lists columns and values')
    nameOf(into)
    for (const column of columns) refuseTenantColumn(column)
    for (const { column } of node.onConflict?.updates ?? []) refuseTenantColumn(column)
    const rows = values.values.map((row) =>
      ValueListNode.create([
        ValueNode.create(this.#tenantId),
        ...(PrimitiveValueListNode.is(row)
          ? row.values.map((value) => ValueNode.create(value))
          : row.values.map((value) => this.transformNode(value))),
      ]),
    )
    const { into: _, ...rest } = node
    const inner = super.transformInsertQuery({ ...rest, values: ValuesNode.create([]) })
    return { ...inner, into, columns: [ColumnNode.create('tenant_id'), ...columns], values: ValuesNode.create(rows) }
  }

  protected override transformFunction(node: FunctionNode): FunctionNode {
    if (!pureFunctions.has(node.func.toLowerCase())) throw new WallError(`the function ${node.func} is not listed`)
    return super.transformFunction(node)
  }

  protected override transformRaw(node: RawNode): RawNode {
    if (!sortDirection.test(node.sqlFragments.join('?'))) throw new WallError('raw SQL')
    return super.transformRaw(node)
  }

  protected override transformMergeQuery(): never {
    throw new WallError('merge')
  }
}

const isExpressionName = ({ table }: TableNode): boolean => !table.schema && table.identifier.name.startsWith('_')

function nameOf({ table }: TableNode): string {
  if (table.schema) throw new WallError('tables are named without a schema')
  if (globalTables.has(table.identifier.name)) throw new WallError(`${table.identifier.name} belongs to no tenant`)
  return table.identifier.name
}

function writeTarget(node: OperationNode): TableNode {
  if (!TableNode.is(node) || isExpressionName(node)) throw new WallError('a write names one table, without an alias')
  nameOf(node)
  return node
}

function refuseTenantColumn(node: OperationNode): void {
  if (!ColumnNode.is(node)) throw new WallError('a write names its columns')
  if (node.column.name === 'tenant_id') throw new WallError('tenant_id is written by the wall alone')
}

/** The plugin that confines statements to `tenantId`. */
export const tenantWall = (tenantId: string): KyselyPlugin => {
  const confine = new Confine(tenantId)
  return {
    transformQuery({ node }): RootOperationNode {
      if (!rootKinds.has(node.kind)) throw new WallError(`a ${node.kind} is not select, insert, update or delete`)
      return confine.transformNode(node)
    },
    transformResult: async ({ result }) => result,
  }
}
