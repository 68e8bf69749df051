/**
 * The first of two walls, in the app: confines every statement of a scope to one tenant, whatever the statement says.
 * (The second is row security in the database; each holds without the other.) It stands where Kysely compiles, not among
 * its plugins, so that nothing a statement can be asked to do comes after it or goes around it.
 *
 * - Every table read (from, join, using, in any depth) becomes `(select * from t where tenant_id = $tenant)`.
 * - Updates and deletes get `tenant_id = $tenant`; inserts get the tenant's id in `tenant_id`, and nothing else.
 * - Refused, because a wall cannot be put around them: raw SQL, functions not listed here, global tables, schemas,
 *   `insert … select`, `merge`, reading from anything but a table or a query, and writing `tenant_id` by hand. Names of
 *   common table expressions begin with `_`, which no table's does, so that the two cannot be taken for each other.
 * - A transaction without a tenant has its own wall: it reaches the global tables and nothing else.
 */
import {
  type AggregateFunctionNode,
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

/** Functions a statement may call: they read nothing but what they are given, and the numbers of running transactions. */
const pureFunctions = new Set([
  'any',
  'array_agg',
  'avg',
  'coalesce',
  'count',
  'greatest',
  'least',
  'length',
  'lower',
  'max',
  'min',
  'pg_current_snapshot',
  'pg_snapshot_xmax',
  'pg_snapshot_xmin',
  'sum',
])
const sortDirection = /^(asc|desc)?( ?nulls (first|last))?$/

/** What no wall lets through, and where reads are found. */
abstract class Wall extends OperationNodeTransformer {
  /** What stands for a table that is read; an `AliasNode` of one has its alias checked already. */
  protected abstract readTable(table: TableNode, alias: OperationNode | undefined): OperationNode

  #read(node: OperationNode): OperationNode {
    if (TableNode.is(node)) return this.readTable(node, undefined)
    // Anything else can be printed as a table's name: a reference, an identifier, a function.
    if (!AliasNode.is(node) || !(TableNode.is(node.node) || SelectQueryNode.is(node.node)))
      throw new WallError('reads are from tables and queries')
    return TableNode.is(node.node)
      ? this.readTable(node.node, this.transformNode(node.alias))
      : this.transformNode(node)
  }

  protected override transformFrom(node: FromNode): FromNode {
    return FromNode.create(node.froms.map((from) => this.#read(from)))
  }

  protected override transformUsing(node: UsingNode): UsingNode {
    return { ...node, tables: node.tables.map((table) => this.#read(table)) }
  }

  protected override transformJoin(node: JoinNode): JoinNode {
    const inner = super.transformJoin({ ...node, table: IdentifierNode.create('_') })
    return { ...inner, table: this.#read(node.table) }
  }

  protected override transformFunction(node: FunctionNode): FunctionNode {
    requirePure(node.func)
    return super.transformFunction(node)
  }

  protected override transformAggregateFunction(node: AggregateFunctionNode): AggregateFunctionNode {
    requirePure(node.func)
    return super.transformAggregateFunction(node)
  }

  protected override transformRaw(node: RawNode): RawNode {
    if (!sortDirection.test(node.sqlFragments.join('?'))) throw new WallError('raw SQL')
    return super.transformRaw(node)
  }

  protected override transformMergeQuery(): never {
    throw new WallError('merge')
  }

  protected override transformExplain(): never {
    throw new WallError('explain')
  }

  protected override transformTop(): never {
    throw new WallError('top')
  }

  protected override transformOutput(): never {
    throw new WallError('output')
  }
}

class Confine extends Wall {
  readonly #tenantId: string

  constructor(tenantId: string) {
    super()
    this.#tenantId = tenantId
  }

  #isTenant(table: TableNode): BinaryOperationNode {
    const column = ReferenceNode.create(ColumnNode.create('tenant_id'), table)
    return BinaryOperationNode.create(column, OperatorNode.create('='), ValueNode.create(this.#tenantId))
  }

  /** A read of `t` becomes a read of the tenant's part of `t`, under the same name. */
  protected override readTable(table: TableNode, alias: OperationNode | undefined): OperationNode {
    if (!isExpressionName(table))
      return AliasNode.create(this.#part(table), alias ?? IdentifierNode.create(nameOf(table)))
    return alias ? AliasNode.create(table, alias) : table
  }

  #part(table: TableNode): ParensNode {
    nameOf(table)
    const part: SelectQueryNode = {
      ...SelectQueryNode.createFrom([table]),
      selections: [SelectionNode.create(SelectAllNode.create())],
      // By the table's name: a bare `tenant_id` could be that of a query further out.
      where: WhereNode.create(this.#isTenant(table)),
    }
    return ParensNode.create(part)
  }

  #and(where: WhereNode | undefined, condition: OperationNode): WhereNode {
    return WhereNode.create(where ? AndNode.create(ParensNode.create(where.where), condition) : condition)
  }

  protected override transformCommonTableExpressionName(
    node: CommonTableExpressionNameNode,
  ): CommonTableExpressionNameNode {
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
    if (!into || !TableNode.is(into) || !columns || !values || !ValuesNode.is(values))
      throw new WallError('an insert lists columns and values')
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
}

/** The wall of a transaction without a tenant. */
class GlobalOnly extends Wall {
  protected override readTable(table: TableNode, alias: OperationNode | undefined): OperationNode {
    return alias ? AliasNode.create(this.transformTable(table), alias) : this.transformTable(table)
  }

  /** Also names in references: these are the tables' own. */
  protected override transformTable(node: TableNode): TableNode {
    const { schema, identifier } = node.table
    if (schema || !globalTables.has(identifier.name))
      throw new WallError(`${identifier.name} is no global table, and no tenant is set`)
    return node
  }

  protected override transformUpdateQuery(node: UpdateQueryNode): UpdateQueryNode {
    if (!node.table || !TableNode.is(node.table)) throw new WallError('a write names one table, without an alias')
    return super.transformUpdateQuery(node)
  }
}

function requirePure(name: string): void {
  if (!pureFunctions.has(name.toLowerCase())) throw new WallError(`the function ${name} is not listed`)
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

/** Puts a wall around a statement, or refuses it. */
export type Confiner = (node: RootOperationNode) => RootOperationNode

const requireStatement =
  (wall: Wall): Confiner =>
  (node) => {
    if (!rootKinds.has(node.kind)) throw new WallError(`a ${node.kind} is not select, insert, update or delete`)
    return wall.transformNode(node)
  }

/** Confines statements to `tenantId`. */
export const tenantWall = (tenantId: string): Confiner => requireStatement(new Confine(tenantId))
/** Confines statements to the global tables. */
export const globalWall: Confiner = requireStatement(new GlobalOnly())
