import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '/work/main/test/harness/load.ts'
import { createInstallation, killIfThere } from '/work/main/test/harness/own-installation.ts'
import { readFileSync } from 'node:fs'
{
await using inst = await createInstallation()
const server = await inst.serve({ VOUCH_LOG_LEVEL: 'warn' })
const key = await inst.createTenant('Acme')
await using load = startLoad({ key, clients: 16, targets: () => [server.url] })
await sleep(2000)
console.log('ack', load.acknowledged.size, 'pid', inst.postmasterPid())
killIfThere(inst.postmasterPid())
for (let i = 0; i < 16; i++) { await sleep(500); console.log(i, 'ack', load.acknowledged.size, 'pid', inst.postmasterPid(), inst.postgresPids().length, 'ref', load.refusals.length, JSON.stringify(load.refusals.at(-1))) }
console.log(server.output().slice(-3000))
console.log(readFileSync(inst.home + '/postgres/postgres.log', 'utf8').slice(-1500))
const h = new Map(); for (const r of load.refusals) h.set(`${r.status} ${r.code} ${r.retryAfter}`, (h.get(`${r.status} ${r.code} ${r.retryAfter}`) ?? 0) + 1)
console.log(h)
}
process.exit(0)
