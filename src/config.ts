/**
 * Settings: read once, here alone, from `VOUCH_*`. An unknown or malformed one stops the start, with all that is wrong in
 * one message. docs/settings.md is made from this table.
 */
import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'

type Setting = { default: string | undefined; means: string; read(text: string): string | undefined }

const anyText = (): undefined => undefined
const portText = (text: string) =>
  /^\d{1,5}$/.test(text) && Number(text) < 65_536 ? undefined : 'must be a port from 0 to 65535'
const urlText = (text: string) => (/^postgres(ql)?:\/\//.test(text) ? undefined : 'must begin with postgres://')
const levelText = (text: string) =>
  /^(debug|info|warn|error|silent)$/.test(text) ? undefined : 'must be debug, info, warn, error or silent'
const nameText = (text: string) =>
  /^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?(:\d{1,5})?$/.test(text)
    ? undefined
    : 'must be a host name in lower case, such as vouch.example.com'
const signupText = (text: string) => (isSignup(text) ? undefined : 'must be local, on or off')
const isSignup = (text: string | undefined): text is Config['signup'] =>
  text === 'local' || text === 'on' || text === 'off'
const monthsText = (text: string) =>
  /^\d{2,3}$/.test(text) && Number(text) >= 13 && Number(text) <= 120
    ? undefined
    : 'must be a number of months from 13 to 120'
const networksText = (text: string) =>
  readList(text).every((part) => /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(part) && ipaddr.isValidCIDR(part))
    ? undefined
    : 'must be CIDR networks, separated by commas'
const contactText = (text: string) =>
  /^[^\s@<>"',:/]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?$/i.test(text) ||
  (text.length <= 300 && /^https:\/\/[^\s<>"']+$/.test(text) && URL.canParse(text))
    ? undefined
    : 'must be a mail address, or an address that begins with https://'
const readList = (text: string): string[] => text.split(',').map((part) => part.trim())

/** Each setting with its default, its meaning, and what is wrong with a text (`undefined` if nothing). */
export const settings = {
  VOUCH_HOME: { default: '.vouch', means: 'Folder of this installation: master key, own PostgreSQL.', read: anyText },
  VOUCH_HOST: { default: '127.0.0.1', means: 'Address to listen on. Beyond loopback only with VOUCH_TRUSTED_PROXIES.', read: anyText },
  VOUCH_PORT: { default: '8787', means: 'Port to listen on; 0 takes a free one.', read: portText },
  VOUCH_NAME: { default: 'localhost', means: 'Public host name of this installation. Each log bears it in its origin for ever, so set it before the first start.', read: nameText },
  VOUCH_DATABASE_URL: { default: undefined, means: 'PostgreSQL 15 or newer, as the role vouch_app. Unset: Vouch runs its own PostgreSQL below VOUCH_HOME.', read: urlText },
  VOUCH_DATABASE_OWNER_URL: { default: undefined, means: 'The same database as the role vouch_owner; read by `vouch migrate` alone.', read: urlText },
  VOUCH_MASTER_KEY: { default: undefined, means: '32 bytes in base64. Unset: read from VOUCH_MASTER_KEY_FILE.', read: anyText },
  VOUCH_MASTER_KEY_FILE: { default: undefined, means: 'File with the master key; `master.key` in VOUCH_HOME unless set. Made at the very first start.', read: anyText },
  VOUCH_TRUSTED_PROXIES: { default: undefined, means: 'Networks of your reverse proxies (CIDR, commas). Only from them is X-Forwarded-For believed; they must speak TLS to the world.', read: networksText },
  VOUCH_OUTBOUND_NETWORKS: { default: undefined, means: 'Private networks that Vouch may call out to (CIDR, commas), e.g. a witness on this machine: 127.0.0.0/8.', read: networksText },
  VOUCH_RETENTION_MONTHS: { default: '13', means: 'Months that the trail and decisions are kept, from 13 to 120. Published at /retention.json.', read: monthsText },
  VOUCH_SIGNUP: { default: 'local', means: 'Who may make a tenant by POST /signup: `local`, callers on this machine and by no proxy; `on`, everybody; `off`, nobody.', read: signupText },
  VOUCH_CONTACT_SECURITY: { default: undefined, means: 'Whom to tell about weaknesses: a mail address or an https address. In the footer of every page, and in /.well-known/security.txt, which is missing without it.', read: contactText },
  VOUCH_CONTACT_PRIVACY: { default: undefined, means: 'Whom to ask about personal data, likewise in the footer.', read: contactText },
  VOUCH_CONTACT_COMPLIANCE: { default: undefined, means: 'Whom to ask about certificates, contracts and audits, likewise in the footer.', read: contactText },
  VOUCH_LOG_LEVEL: { default: 'info', means: 'debug, info, warn, error or silent. JSON lines on standard error.', read: levelText },
} as const satisfies Record<string, Setting> // prettier-ignore
export type SettingName = keyof typeof settings

export type Config = {
  home: string
  host: string
  port: number
  name: string
  /** How the outside reaches this installation: `https://vouch.example.com`, or this very machine while it has no name. */
  origin: string
  databaseUrl: string | undefined
  databaseOwnerUrl: string | undefined
  masterKey: { value: string | undefined; file: string }
  retentionMonths: number
  trustedProxies: readonly string[]
  outboundNetworks: readonly string[]
  signup: 'local' | 'on' | 'off'
  /** Mail addresses, or addresses that begin with https://. */
  contacts: { security: string | undefined; privacy: string | undefined; compliance: string | undefined }
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** This process's environment, for `readConfig`. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env

const isSetting = (name: string): name is SettingName => Object.hasOwn(settings, name)
const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

/** `defaults` replace the table's, e.g. the demo's own home. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  defaults: Partial<Record<SettingName, string>> = {},
): Config {
  const wrong: string[] = []
  for (const name of Object.keys(env)) {
    if (name.startsWith('VOUCH_') && !isSetting(name))
      wrong.push(`${name} is no setting of Vouch; docs/settings.md lists them`)
  }
  const textOf = (name: SettingName): string | undefined => {
    const text = env[name] || defaults[name] || settings[name].default
    const why = text === undefined ? undefined : settings[name].read(text)
    if (why) wrong.push(`${name} ${why}`)
    return text
  }
  const home = resolve(textOf('VOUCH_HOME') ?? '.vouch')
  const level = textOf('VOUCH_LOG_LEVEL')
  const signup = textOf('VOUCH_SIGNUP')
  const port = Number(textOf('VOUCH_PORT'))
  const name = textOf('VOUCH_NAME') ?? 'localhost'
  const config: Config = {
    home,
    host: textOf('VOUCH_HOST') ?? '127.0.0.1',
    port,
    name,
    origin: /^localhost(:|$)/.test(name) ? `http://127.0.0.1:${port}` : `https://${name}`,
    databaseUrl: textOf('VOUCH_DATABASE_URL'),
    databaseOwnerUrl: textOf('VOUCH_DATABASE_OWNER_URL'),
    masterKey: {
      value: textOf('VOUCH_MASTER_KEY'),
      file: resolve(textOf('VOUCH_MASTER_KEY_FILE') ?? `${home}/master.key`),
    },
    retentionMonths: Number(textOf('VOUCH_RETENTION_MONTHS')),
    trustedProxies: readList(textOf('VOUCH_TRUSTED_PROXIES') ?? '').filter(Boolean),
    outboundNetworks: readList(textOf('VOUCH_OUTBOUND_NETWORKS') ?? '').filter(Boolean),
    signup: isSignup(signup) ? signup : 'off',
    contacts: {
      security: textOf('VOUCH_CONTACT_SECURITY'),
      privacy: textOf('VOUCH_CONTACT_PRIVACY'),
      compliance: textOf('VOUCH_CONTACT_COMPLIANCE'),
    },
    logLevel: level === 'debug' || level === 'warn' || level === 'error' || level === 'silent' ? level : 'info',
  }
  if (!loopback.test(config.host) && config.trustedProxies.length === 0) {
    wrong.push(
      'VOUCH_HOST reaches beyond this machine: put a TLS proxy in front and name its network in VOUCH_TRUSTED_PROXIES',
    )
  }
  if (wrong.length > 0)
    throw new ConfigError(`The settings cannot be used:\n${wrong.map((line) => `  - ${line}`).join('\n')}`)
  return config
}
