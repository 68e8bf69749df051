import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig, settings } from './config.ts'

test('a setting that Vouch does not know is refused by name', () => {
  assert.throws(
    () => readConfig({ VOUCH_PROT: '1' }),
    (error) => error instanceof ConfigError && /VOUCH_PROT/.test(error.message),
  )
})

test('everything that is wrong is said at once', () => {
  const wrong = {
    VOUCH_PORT: 'x',
    VOUCH_LOG_LEVEL: 'loud',
    VOUCH_DATABASE_URL: 'mysql://x',
    VOUCH_TRUSTED_PROXIES: 'true',
    VOUCH_OUTBOUND_NETWORKS: '127.0.0.0/33',
    VOUCH_X: '',
  }
  assert.throws(
    () => readConfig(wrong),
    (error) => error instanceof Error && Object.keys(wrong).every((name) => error.message.includes(name)),
  )
})

test('it does not listen beyond this machine without a declared proxy', () => {
  assert.throws(() => readConfig({ VOUCH_HOST: '0.0.0.0' }), ConfigError)
  assert.throws(() => readConfig({ VOUCH_HOST: '::' }), ConfigError)
  assert.equal(readConfig({ VOUCH_HOST: '0.0.0.0', VOUCH_TRUSTED_PROXIES: '10.0.0.0/8' }).host, '0.0.0.0')
})

test('with nothing set, the documented defaults hold', () => {
  const config = readConfig({ PATH: '/bin', VOUCH_HOME: '' })
  assert.equal(config.port, 8787)
  assert.equal(config.host, '127.0.0.1')
  assert.match(config.home, /\/\.vouch$/)
  assert.equal(config.masterKey.file, `${config.home}/master.key`)
  assert.ok(Object.values(settings).every(({ means }) => means.endsWith('.')))
})

test('lists of networks are CIDR, each of them; nothing set is no network', () => {
  const config = readConfig({ VOUCH_OUTBOUND_NETWORKS: '127.0.0.0/8, fd00::/8', VOUCH_TRUSTED_PROXIES: '10.0.0.1/32' })
  assert.deepEqual(config.outboundNetworks, ['127.0.0.0/8', 'fd00::/8'])
  assert.deepEqual(config.trustedProxies, ['10.0.0.1/32'])
  assert.deepEqual(readConfig({}).outboundNetworks, [])
  for (const wrong of ['127.0.0.1', '127.0.0.0/8,', '127.0.0.0/8 10.0.0.0/8', '300.0.0.0/8', '::/129', 'all', '*'])
    assert.throws(() => readConfig({ VOUCH_OUTBOUND_NETWORKS: wrong }), ConfigError, wrong)
})
