/**
 * The shape of the code as data: read by people, and held by test/architecture.test.ts (rules in test/architecture/).
 *
 * A *place* is a folder (`src/http/`), a file (`src/app.ts`), or a bare file name (`store.ts`), which means any file
 * with that name. src/ and sdk/src/ are judged. Tests beside the code (`*.test.ts`) keep the laws about imports, packages, places
 * and names; the environment, clock, network, scopes, length and types are free there, and they may import #harness.
 */
export type Place = string

export type Layer = {
  name: string
  at: Place
  /** Its modules: none (one whole), `apart` (never import each other), or in order: each imports those before it. */
  modules: 'none' | 'apart' | readonly string[]
  /** Names of the layers it may import, always through their faces. */
  imports: readonly string[]
}

export const layers: readonly Layer[] = [
  { name: 'kernel', at: 'src/kernel/', modules: 'none', imports: [] },
  {
    name: 'platform',
    at: 'src/platform/',
    // Audit comes before tenancy on purpose: creating a tenant is itself audited.
    modules: [
      'telemetry',
      'outbound',
      'tlog',
      'loops',
      'postgres',
      'database',
      'encryption',
      'audit',
      'tenancy',
      'access',
      'log',
      'trail',
      'retention',
      'keys',
      'limits',
      'signup',
    ],
    imports: ['kernel'],
  },
  {
    name: 'engine',
    at: 'src/engine/',
    modules: [
      'cel', 'decide', 'windows', 'basis', 'lists', 'policies', 'briefing', 'journal', 'decisions', 'analytics', 'outcomes',
    ], // prettier-ignore
    imports: ['kernel', 'platform'],
  },
  { name: 'products', at: 'src/products/', modules: 'apart', imports: ['kernel', 'platform', 'engine'] },
  {
    name: 'assurance',
    at: 'src/assurance/',
    modules: ['upkeep', 'claims', 'controls', 'attestations', 'assembly'],
    imports: ['kernel', 'platform'],
  },
  { name: 'http', at: 'src/http/', modules: 'none', imports: ['kernel', 'platform'] },
  // The trust pages show how claims stand in the words of assurance; what stands where is handed in.
  { name: 'pages', at: 'src/pages/', modules: 'none', imports: ['kernel', 'assurance'] },
  { name: 'config', at: 'src/config.ts', modules: 'none', imports: ['kernel'] },
  {
    name: 'app',
    at: 'src/app.ts',
    modules: 'none',
    imports: ['kernel', 'platform', 'engine', 'products', 'assurance', 'http', 'pages', 'config'],
  },
  {
    name: 'cli',
    at: 'src/cli/',
    modules: 'none',
    imports: ['kernel', 'platform', 'engine', 'products', 'assurance', 'http', 'config', 'app'],
  },
  { name: 'main', at: 'src/main.ts', modules: 'none', imports: ['cli'] },
  // The client knows only the wire, and nobody here knows the client.
  { name: 'sdk', at: 'sdk/src/', modules: 'none', imports: [] },
]

/** A package (or a scope, ending in `/`) and the places that may import it, types included. */
export const packageHomes: Readonly<Record<string, readonly Place[]>> = {
  '@modelcontextprotocol/': ['src/cli/mcp/'],
  '@marcbachmann/cel-js': ['src/engine/cel/'],
  fastify: ['src/http/'],
  hono: ['src/pages/'],
  'intl-messageformat': ['src/pages/'],
  jose: ['agent-proof.test.ts'],
  marked: ['src/pages/'],
  minisearch: ['src/pages/'],
  '@fastify/': ['src/http/'],
  kysely: ['store.ts', 'src/platform/database/'],
  // The intruder of the demo goes behind Vouch's back.
  pg: ['src/platform/postgres/', 'src/platform/database/', 'src/cli/demo/intruder.ts'],
}

/** May import no package at all, nor anything of Node: browsers run it. */
export const packageFree: readonly Place[] = ['sdk/src/']

export const environmentHome: Place = 'src/config.ts'
export const clockHome: Place = 'src/kernel/clock.ts'

/** One door out. */
export const network = {
  home: 'src/platform/outbound/',
  /** May know the types of node:http, for Fastify's requests. */
  typesOnly: ['src/http/'],
  exceptions: {
    'src/cli/demo/client.ts': 'asks, over loopback, the server that the demo has just started',
    'src/cli/mcp/client.ts': 'asks the server that whoever starts `vouch mcp` has named, and no other',
    'sdk/src/call.ts': 'runs in the programs of those who ask Vouch, never in Vouch',
  } as Readonly<Record<Place, string>>,
}

/** Files that may reach tenants' rows without a caller, each for a reason it states when it asks. */
export const systemScopeFiles: readonly Place[] = [
  'src/app.ts',
  'src/platform/keys/',
  'src/platform/tenancy/',
  'src/platform/log/',
  'src/platform/trail/',
  'src/platform/retention/',
  'src/engine/lists/',
  'src/engine/journal/',
  'src/engine/decisions/',
  'src/engine/analytics/',
  'src/platform/encryption/',
  'src/assurance/controls/',
  'src/assurance/attestations/',
  'src/cli/',
]

/** Names that open the database: where they are made, and who else may say them. */
export const gates: readonly { name: string; madeIn: Place; usedIn: readonly Place[] }[] = [
  { name: 'openScope', madeIn: 'src/platform/database/', usedIn: ['src/platform/access/'] },
  { name: 'tenantLanes', madeIn: 'src/platform/database/', usedIn: ['src/engine/journal/', 'src/platform/log/'] },
  { name: 'systemScope', madeIn: 'src/platform/database/', usedIn: systemScopeFiles },
]

/** Written by a tool: any length, any type. */
export const generatedFiles: readonly Place[] = ['src/platform/database/schema.ts', 'sdk/src/wire.ts']

/** Lines at most; 300 where nothing is said. Tests may be longer: they are lists, read one guarantee at a time. */
export const maxLines = 300
export const lengths: Readonly<Record<Place, { lines: number; reason: string }>> = {
  'src/app.ts': { lines: 180, reason: 'the composition root is read in one sitting' },
}

/** Words of a file or folder name that say nothing about what is inside. */
export const emptyNames = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'managers', 'types']
