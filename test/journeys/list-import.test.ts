/** Lists from files, by the command line. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientOf } from '#harness'
import { createInstallation, type Ran } from '../harness/own-installation.ts'

test('a file is imported line by line: what is refused is told by its line, and the rest is there', async () => {
  await using installation = await createInstallation({ on: 'shared' })
  const server = await installation.serve({ VOUCH_LOG_LEVEL: 'warn' })
  const ada = clientOf(server.url, await installation.createTenant('Acme'))
  const folder = await mkdtemp(join(tmpdir(), 'vouch-list-'))
  const run = (...words: string[]): Promise<Ran> => installation.run(['list', ...words])
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  try {
    assert.equal((await run('put', 'stolen', 'deny')).code, 0)
    const lines = [
      'field,value,note,expires_at',
      'user_id,u_1,"said, ""stop""",',
      'user_id,u_1,,',
      'ip,203.0.113.0/24,,2037-01-31T00:00:00Z',
      'ip,203.0.113.9/24,,',
      'shoe_size,44,,',
      'user_id,,,',
      'user_id,u_2,,tomorrow',
      'user_id,4111111111111111,,',
      '"user_id","u\n3",,',
    ]
    const file = await write('mixed.csv', `\ufeff${lines.join('\r\n')}\r\n`)
    const mixed = await run('import', 'stolen', file, '--json')
    assert.equal(mixed.code, 1)
    const report = JSON.parse(mixed.out)
    assert.deepEqual([report.lines, report.added, report.duplicates, report.refused], [9, 3, 1, 5])
    assert.deepEqual(
      report.errors.map(({ line, why }: { line: number; why: string }) => [line, why.split(':')[0]]).toSorted(),
      [
        [5, 'value'],
        [6, 'field'],
        [7, 'value'],
        [8, 'expires_at'],
        [9, 'value'],
      ],
    )
    assert.ok(!mixed.out.includes('4111111111111111'))
    const { data } = (await ada.get('/v1/lists/stolen/entries')).body
    assert.deepEqual(data.map(({ value }: { value: string }) => value).toSorted(), ['203.0.113.0/24', 'u\n3', 'u_1'])
    assert.equal(data.find(({ value }: { value: string }) => value === 'u_1').note, 'said, "stop"')

    const latin = Buffer.from('field,value\nuser_id,Ren\xe9\nuser_id,Ada\n', 'latin1')
    await writeFile(join(folder, 'latin.csv'), latin)
    const foreign = await run('import', 'stolen', join(folder, 'latin.csv'))
    assert.match(foreign.out, /^1 added, 0 there already, 1 refused[^\n]*\n  line 2: value: is text in UTF-8/)

    const many = Array.from({ length: 3_000 }, (_, n) => `user_id,many_${n}`).join('\n')
    const large = await write('large.csv', `field,value\n${many}\n`)
    assert.match((await run('import', 'stolen', large)).out, /^3000 added, 0 there already, 0 refused/)
    assert.match((await run('import', 'stolen', large)).out, /^0 added, 3000 there already, 0 refused/)

    for (const [name, text] of [
      ['empty', ''],
      ['header', 'who,what\na,b\n'],
      ['quote', 'field,value\nuser_id,"u\n'],
    ] as const)
      // prettier-ignore
      assert.ok((await run('import', 'stolen', await write(name, text))).code !== 3, name)
    assert.equal((await run('import', 'stolen', join(folder, 'missing.csv'))).code, 2)
    assert.equal((await run('import', 'nothing', file)).code, 1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
