/** docs/data.md, made from the comments of the database's columns. */
export type CommentedColumn = { table: string; column: string; comment: string }

type Personal = { whose: string; category: string; purpose: string; kept: string; form: string }
type Meaning = { kind: 'none'; what: string } | ({ kind: 'personal' } & Personal)

/** Throws when a column has no comment, or one of another form: what is held is explained, or the page is not made. */
export function renderInventory(columns: readonly CommentedColumn[]): string {
  const read = columns.map(({ table, column, comment }) => ({
    table,
    column,
    meaning: readComment(`${table}.${column}`, comment),
  }))
  const personal = read.flatMap(({ table, column, meaning }) =>
    meaning.kind === 'personal'
      ? [[`\`${table}.${column}\``, meaning.whose, meaning.category, meaning.purpose, meaning.kept, meaning.form]]
      : [],
  )
  const tables = [...new Set(read.map(({ table }) => table))]
  const others = tables.map((table) => {
    const rows = read.flatMap(({ table: of, column, meaning }) =>
      of === table && meaning.kind === 'none' ? [`- \`${column}\`: ${meaning.what}`] : [],
    )
    return `### ${table}\n\n${rows.join('\n')}`
  })
  return `# Inventory of data

This page is generated from the comments on the columns of the database by \`npm run generate\`. A column without such a
comment stops the generator.

It lists what the tables of an installation hold. ${columns.length} columns in ${tables.length} tables; ${personal.length} of them can hold personal data.
No request needs personal data: identifiers of customers and merchants are the tenant's own, and may be opaque.

How to read *form*: \`sealed\` is encrypted under the tenant's data key; \`HMAC\` is a keyed digest that finds a value
without holding it; \`clear\` is as it was entered. [decisions/0006](decisions/0006-sealed-values.md) has the formats.

*Kept* states the rule of the table. What enforces it today: idempotency keys go after 24 hours; an entry of a list that has
expired matches nothing, and its row goes when the tenant deletes it or adds the value again. Nothing drops old decisions or old
rows of the trail yet, and nothing erases a person or a tenant.

## Columns that can hold personal data

${table(['Column', 'Whose', 'Category', 'Purpose', 'Kept', 'Form'], personal)}

## All other columns

${others.join('\n\n')}
`
}

function readComment(name: string, comment: string): Meaning {
  const none = /^none: (\S.*)$/.exec(comment)?.[1]
  if (none !== undefined) return { kind: 'none', what: none }
  const parts = /^personal: (\S.*)$/.exec(comment)?.[1]?.split('; ') ?? []
  const [whose, category, purpose, kept, form, ...rest] = parts
  if (!whose || !category || !purpose || !kept || !form || rest.length > 0) {
    throw new Error(
      `The column ${name} is not explained. Comment on it: "none: <what it is>" or ` +
        '"personal: <whose>; <category>; <purpose>; <kept how long>; <in what form>".',
    )
  }
  return { kind: 'personal', whose, category, purpose, kept, form }
}

/** Texts of a cell may hold no bar of their own. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
