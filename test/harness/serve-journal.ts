/**
 * A journal with a stub for a judge, as a process of its own: POST an `Asked` with its tenant, get what was decided. For
 * tests that kill it. The environment names the database.
 */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createJournal } from '#engine/journal'
import { systemClock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { openDatabase, systemScope } from '#platform/database'
import { type Asked, askOf, newRequestId } from './journal-judge.ts'

const url = process.env['VOUCH_DATABASE_URL'] ?? ''
const database = await openDatabase({ url, clock: systemClock })
const journal = createJournal({ database, clock: systemClock, onRecord: () => {} })
const flushing = setInterval(() => void journal.flush().catch(() => {}), 250)
const system = systemScope(database, 'test')

const server = createServer((request, response) => {
  const answer = async (): Promise<void> => {
    const { tenantId, ...asked }: Asked & { tenantId: string } = JSON.parse(await text(request))
    const scope = system.asTenant(tenantId, { kind: 'key', id: 'key_test' }, newRequestId())
    response.end(JSON.stringify(await journal.decide(askOf(scope, systemClock, asked))))
  }
  answer().catch((error: unknown) => {
    response.statusCode = error instanceof Fault ? 503 : 500
    response.end(error instanceof Error ? error.message : 'failed')
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.stderr.write(`Vouch serves on http://127.0.0.1:${address.port}\n`)
})
process.once('SIGTERM', () => {
  clearInterval(flushing)
  server.close(() => void journal.close().then(() => database.close()))
  server.closeAllConnections()
})
