/** Witnesses as an operator has them: added on the command line, asked by the server that runs, watched. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf, payment, waitUntil } from '#harness'
import { startWitness } from '#harness/witness'
import { isWitnessed, parsePolicy } from '#platform/tlog'
import { createInstallation, type Ran } from '../harness/own-installation.ts'

const read = ({ code, out, err }: Ran) => {
  assert.equal(code, 0, `${out}${err}`)
  return JSON.parse(out)
}

test(
  'a witness that is added on the command line is asked at once, and from then on by the running server',
  { timeout: 300_000 },
  async () => {
    await using installation = await createInstallation()
    const networks = { VOUCH_OUTBOUND_NETWORKS: '127.0.0.0/8' }
    const witness = (...words: string[]): Promise<Ran> => installation.run(['log', 'witness', ...words], networks)
    const server = await installation.serve(networks)
    const ada = clientOf(server.url, await installation.createTenant('Acme'))
    const { keys } = read(await installation.run(['log', 'keys', '--json'], networks))
    const [vkey = ''] = keys[0].vkeys.split('\n')

    await using one = await startWitness({ logs: [], types: ['ed25519-cosignature', 'ml-dsa-44-cosignature'] })
    const given = one.vkeys.flatMap((key) => ['--vkey', key])
    assert.equal((await witness('add', one.url)).code, 2)
    assert.equal((await witness('add', 'http://192.0.2.1/', ...given)).code, 1)
    const unknown = await witness('add', one.url, ...given)
    assert.match(unknown.out, /✕ witness\.example\/w1[^]*unknown_origin[^]*keys to give its operator:\n/)
    assert.ok(unknown.out.includes(vkey))
    one.trust(vkey)
    read(await witness('remove', one.name, '--json'))
    assert.equal(read(await witness('add', one.url, ...given, '--json')).state, 'cosigned')
    assert.equal((await witness('quorum', '2')).code, 3)
    assert.equal((await witness('quorum', 'two')).code, 2)
    assert.equal(read(await witness('quorum', '1', '--json')).quorum, 1)

    await ada.post('/v1/evaluate', payment())
    const { policy: text } = read(await witness('policy', '--json'))
    const policy = parsePolicy(text)
    const reaches = async (): Promise<boolean> => {
      const { body } = await ada.get('/v1/log')
      const { text: note } = await ada.get('/v1/log/checkpoint')
      return body.checkpoint?.size === body.size && isWitnessed(note, policy)
    }
    await waitUntil('the server asks the witness', reaches)
    const list = read(await witness('list', '--json'))
    assert.deepEqual([list.quorum, list.data[0].state, list.witnessed.size], [1, 'cosigned', one.latest(policy.logs[0]?.key.name ?? '')?.size]) // prettier-ignore
    assert.match((await witness('list')).out, /● witness\.example\/w1[^]*1 of 1 must cosign/)
    assert.equal((await witness('remove', one.name)).code, 3)
    assert.equal((await witness('list', 'x')).code, 2)
  },
)
