/**
 * A flight: several statements to PostgreSQL in one round trip, with one Sync behind the last. The first that fails ends
 * the flight: the server skips the rest. Each is prepared under its name once a connection.
 */
import type pg from 'pg'
import { Messages, type WireValue } from './messages.ts'

export type Statement = { name: string; text: string; values: readonly unknown[] }
/** `command`: what PostgreSQL says it did. */
export type Answer = { rows: object[]; command: string }

/**
 * What a connection has prepared. `doubtful`: it may have been, before a flight failed.
 */
type Prepared = { names: Set<string>; doubtful: Set<string> }
const preparedOn = new WeakMap<pg.Connection, Prepared>()

type Column = { name: string; dataTypeID: number; format: string }
type Typed = Pick<pg.CustomTypesConfig, 'getTypeParser'>

/** Sends them at once. Resolves to their answers, in order, when all succeeded. */
export function fly(client: pg.ClientBase, types: Typed, statements: readonly Statement[]): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    client.query(
      new Flight(types, statements, (error, answers) => {
        if (error) reject(error)
        else resolve(answers)
      }),
    )
  })
}

class Flight implements pg.Submittable {
  readonly #types: Typed
  readonly #statements: readonly Statement[]
  readonly #answers: Answer[] = []
  #rows: object[] = []
  #columns: { name: string; parse(text: string): unknown }[] = []
  /** Names that this flight prepares, with their statement's place. */
  readonly #parsed = new Map<string, number>()
  /** Read and replaced by `pg`, which sets a time limit with it. */
  callback: (error: Error | null, answers: Answer[]) => void

  constructor(
    types: Typed,
    statements: readonly Statement[],
    callback: (error: Error | null, answers: Answer[]) => void,
  ) {
    this.#types = types
    this.#statements = statements
    this.callback = callback
  }

  submit(connection: pg.Connection): void {
    let prepared = preparedOn.get(connection)
    if (!prepared) preparedOn.set(connection, (prepared = { names: new Set(), doubtful: new Set() }))
    const messages = new Messages()
    for (const [at, { name, text, values }] of this.#statements.entries()) {
      if (!prepared.names.has(name) && !this.#parsed.has(name)) {
        if (prepared.doubtful.delete(name)) messages.closeStatement(name)
        messages.parse(name, text)
        if (name !== '') this.#parsed.set(name, at)
      }
      messages.bind(name, values.map(toWire))
      // Whoever answers rows says what they are made of.
      if (/^select|\breturning\b/.test(text)) messages.describePortal()
      messages.execute()
    }
    messages.sync()
    if (connection.stream.writable) connection.stream.write(messages.take())
  }

  handleRowDescription({ fields }: { fields: Column[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#types.getTypeParser(dataTypeID, 'text'),
    }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const row: Record<string, unknown> = {}
    for (const [at, { name, parse }] of this.#columns.entries()) {
      const text = fields[at]
      row[name] = text === null || text === undefined ? null : parse(text)
    }
    this.#rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#answers.push({ rows: this.#rows, command: text.split(' ')[0] ?? '' })
    this.#rows = []
  }

  handleError(error: Error, connection: pg.Connection): void {
    const prepared = preparedOn.get(connection)
    for (const [name, at] of this.#parsed) {
      if (at < this.#answers.length) prepared?.names.add(name)
      else prepared?.doubtful.add(name)
    }
    this.callback(error, [])
  }

  handleReadyForQuery(connection: pg.Connection): void {
    const prepared = preparedOn.get(connection)
    for (const name of this.#parsed.keys()) prepared?.names.add(name)
    this.callback(null, this.#answers)
  }
}

function toWire(value: unknown): WireValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `{${value.map(toElement).join()}}`
  throw wrongValue()
}

function toElement(item: unknown): string {
  if (Buffer.isBuffer(item)) return `"\\\\x${item.toString('hex')}"`
  if (typeof item === 'string') return `"${item.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  throw wrongValue()
}

const wrongValue = () =>
  new TypeError('a hot statement takes texts, numbers, times, bytes, and lists of texts or bytes')
