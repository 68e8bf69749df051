/**
 * Lanes: transactions that carry segments of several tenants, each behind both walls, on few connections. What is sent
 * before an answer is awaited is one round trip.
 */
import type pg from 'pg'
import { uuidPattern } from '#kernel/id'
import { type Answer, fly, type Statement } from './flight.ts'
import { fillStatement, type HotStatement, type HotTexts, type Run } from './hot-statement.ts'
import { nameOf } from './scope.ts'

/** One tenant's part of a transaction, from `enter` to the next `enter`. */
export type Segment = {
  readonly tenantId: string
  /** Sends the statement behind those before it. One that failed fails the transaction, whoever looks at its answer. */
  readonly run: Run
}
/** From here on the transaction belongs to that tenant. Enter in the order of ids, so that locks are taken in order. */
export type Enter = (tenantId: string) => Segment

export type Lanes = {
  /**
   * `read` may wait for answers. `write` may not: what it sends goes with the commit, in one round trip. Durable when it
   * resolves.
   */
  transaction<Read, Result>(work: {
    read(enter: Enter): Promise<Read>
    write(enter: Enter, read: Read): Result
  }): Promise<Result>
}

const plain = (word: string): Statement => ({ name: `lane_${word}`, text: word, values: [] })
const enterTenant = { name: 'lane_enter', text: `select set_config('app.tenant', $1, true)` }

type LaneNeeds = {
  connect(): Promise<pg.PoolClient>
  types: pg.CustomTypesConfig
  names: Map<string, string>
  /** Each statement is a query of its own that waits for the one before it: for tests that fail around one of them. */
  isInTurn: boolean
  isConnectionLoss(error: unknown): boolean
  asFault(error: unknown, isCommitting: boolean): unknown
}

export function openLanes(needs: LaneNeeds): Lanes {
  const { connect, names, isConnectionLoss, asFault } = needs
  const texts: HotTexts = new Map()

  return {
    async transaction({ read, write }) {
      const client = await connect()
      const { send, quiet } = openSender(needs, client)
      let current: Segment | undefined
      let isOver = false
      const enter: Enter = (tenantId) => {
        if (!uuidPattern.test(tenantId)) throw new TypeError('a segment needs the uuid of a tenant')
        if (isOver) throw new Error('the transaction is over')
        if (current?.tenantId !== tenantId) void send({ ...enterTenant, values: [tenantId] })
        const segment: Segment = {
          tenantId,
          run<Input, Row>(statement: HotStatement<Input, Row>, input: Input) {
            if (current !== segment) throw new Error('the transaction has gone on to another tenant')
            const { text, values } = fillStatement(texts, statement, tenantId, input)
            // What the columns are is said by the statement, which is typed by the tables it names.
            const rows = send({ name: nameOf(text, names), text, values }).then((answer) => answer.rows as Row[])
            // Whoever asked may not look; the transaction does.
            rows.catch(() => {})
            return rows
          },
        }
        return (current = segment)
      }
      let broken = false
      let isCommitting = false
      try {
        void send(plain('begin'))
        const found = await read(enter)
        const result = write(enter, found)
        isOver = true
        current = undefined
        isCommitting = true
        if ((await send(plain('commit'))).command !== 'COMMIT')
          throw new Error('the transaction had failed, and was rolled back')
        return result
      } catch (error) {
        isOver = true
        current = undefined
        const first = await quiet()
        const cause = first === undefined ? error : first.error
        if (isConnectionLoss(cause)) broken = true
        else await client.query('rollback').catch(() => (broken = true))
        throw asFault(cause, isCommitting)
      } finally {
        client.release(broken)
      }
    },
  }
}

type Sender = {
  send(statement: Statement): Promise<Answer>
  /** When nothing is under way any more: the first that failed. */
  quiet(): Promise<{ error: unknown } | undefined>
}

/**
 * Statements that are sent before the process waits for anything are one flight, whoever sends them; flights go one after
 * the other; after a failure none goes.
 */
function openSender({ types, isInTurn }: LaneNeeds, client: pg.PoolClient): Sender {
  type Waiting = { statement: Statement; resolve(answer: Answer): void; reject(error: unknown): void }
  let waiting: Waiting[] = []
  let flying: Promise<void> = Promise.resolve()
  let failure: { error: unknown } | undefined

  const flyAll = async (all: readonly Statement[]): Promise<Answer[]> => {
    if (!isInTurn) return fly(client, types, all)
    const answers: Answer[] = []
    for (const { text, values } of all) {
      const { rows, command } = await client.query<object>(text, [...values])
      answers.push({ rows, command })
    }
    return answers
  }

  async function takeOff(): Promise<void> {
    // After every promise that can go on by itself has done so.
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const all = waiting
    waiting = []
    try {
      if (failure) throw failure.error
      const answers = await flyAll(all.map(({ statement }) => statement))
      for (const [at, { resolve, reject }] of all.entries()) {
        const answer = answers[at]
        if (answer) resolve(answer)
        else reject(new Error('a statement was not answered'))
      }
    } catch (error) {
      failure ??= { error }
      for (const { reject } of all) reject(error)
    }
  }

  return {
    send(statement) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      // Whoever asked may not look; the transaction does.
      promise.catch(() => {})
      if (waiting.length === 0) flying = flying.then(takeOff)
      waiting.push({ statement, resolve, reject })
      return promise
    },
    async quiet() {
      await flying
      return failure
    },
  }
}
