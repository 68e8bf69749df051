/** Generated from openapi.json by `npm run generate`. */

export type EvaluateRequest = {
  /** In major units. A string is exact; a number is taken if its shortest form fits the currency. E.g. `"349.99"`. */
  amount?: string | number
  /** In minor units (cents). Instead of `amount`. */
  amountMinor?: number
  /** ISO 4217. E.g. `"EUR"`. */
  currency: string
  category: string
  /** Who is paid, as you name them. E.g. `"m_1"`. */
  merchantId: string
  /** Your trust in the merchant. */
  merchantTrustScore?: number
  /** Who pays, as you name them. Opaque: no name, no address. E.g. `"u_456"`. */
  userId?: string
  /** A token of the card. Never its number. E.g. `"fp_9ab31"`. */
  cardFingerprint?: string
  /** What the customer has, in the same currency. E.g. `"349.99"`. */
  userBalance?: string | number
  /** What the customer may spend, in the same currency; the tightest counts. E.g. `{"daily":"1000.00"}`. */
  userLimits?: Record<string, string | number>
  /** When it happened. A live event is counted at most 5 minutes before it was received, and never after; a key with the scope history:write dates the past. */
  occurredAt?: string
  timeZone?: string
  /** Of the customer. */
  ip?: string
  geo?: {
    /** ISO 3166-1. E.g. `"ES"`. */
    country: string
    lat?: number
    lon?: number
  }
  /** The device, as you name it. E.g. `"d_9"`. */
  deviceId?: string
  /** Its proof is checked where it is a JWS by the key that the id is the thumbprint of (docs/agents.md). */
  agent?: {
    /** The agent that pays for the customer. E.g. `"agt_1"`. */
    id: string
    proof?: {
      type: string
      value: string
    }
  }
  /** Kept; budgets are not enforced by this version. */
  mandate?: {
    /** The mandate the agent acts under. E.g. `"man_1"`. */
    id: string
  }
  /** Kept; not assessed by this version. */
  sca?: {
    inScopeHint?: boolean | null
    lastScaAt?: string | null
    mit?: {
      /** Of the first payment. E.g. `"mit_1"`. */
      mandateRef: string
    } | null
    trustedBeneficiary?: boolean
    acquirerCountry?: string
    issuerCountry?: string
  }
  /** Flat; kept encrypted and given back; judged only where a policy reads it. E.g. `{"order":"o-1001"}`. */
  metadata?: Record<string, string | number | boolean | null>
  /** Or the header Idempotency-Key. */
  idempotencyKey?: string
}

export type Factor = {
  /** Of a factor of the policy; `rule:<id>` for a rule that added points or could not be looked at; or `limit`. */
  id: string
  status: "measured" | "missing"
  /** Points that this factor can add at most. */
  weight: number
  /** The signal as measured; null when missing. */
  raw: number | null
  /** Points added to the score, to 0.01. All contributions sum to risk_score exactly. */
  contribution: number
  explanation: string
  evidence: string[]
}

export type Counterfactual = {
  change: string
  decision: "APPROVED"
}

/** Strong customer authentication is not assessed by this version. */
export type Compliance = {
  status: "not_assessed"
  scaRequired: null
  exemption: null
}

/** What became of the agent's proof. */
export type AgentCheck = {
  status: "not_checked" | "verified" | "failed"
  /** Of a proof that failed. */
  why?: string
}

export type FreshDecision = {
  /** Null for a dry run, which leaves no decision. */
  traceId: string | null
  /** When it was received. */
  receivedAt: string
  /** When the event is counted: when it is said to have happened, or the nearest time that its key may say. */
  occurredAt: string
  decision: "APPROVED" | "STEP_UP_REQUIRED" | "DECLINED"
  /** The exact sum of the contributions, to 0.01. */
  riskScore: number
  /** LOW below 30, MEDIUM below 70, HIGH below 90. */
  riskLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL"
  /** Why, in a sentence. */
  reasonText: string
  policyVersion: number
  factors: Factor[]
  /** Single changes, the smallest of their kind, that would have been approved. Where expressions use much fuel, those that were found before the search ended. For you; not for the customer. */
  counterfactual: Counterfactual[]
  /** Why there is no such change: on_deny_list, not_by_amount, not_by_one_change, or forced_by_test. */
  counterfactualNone: string | null
  /** Strong customer authentication is not assessed by this version. */
  compliance: Compliance
  scaRequired: null
  /** What became of the agent's proof. */
  agent: AgentCheck
  /** Signed receipts are not issued by this version. */
  receipt: null
  /** Time to decide and store, in ms. */
  latencyMs: number
}

export type Batch = {
  events: EvaluateRequest[]
}

/** What went wrong (RFC 9457). */
export type Problem = {
  /** Address of the page about this code. E.g. `"/errors/invalid_request"`. */
  type: string
  title: string
  status: number
  /** Stable; programs branch on it. */
  code: "malformed_body" | "invalid_request" | "card_number_present" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "idempotency_in_flight" | "erased" | "precondition_failed" | "body_too_large" | "uri_too_long" | "unsupported_media_type" | "idempotency_mismatch" | "rate_limited" | "headers_too_large" | "internal" | "overloaded" | "unavailable"
  /** What happened and how to mend it. */
  detail: string
  errors: ({
    pointer: string
    message: string
    /** In the text that the pointer names. */
    position?: {
      line: number
      column: number
      offset: number
    }
  })[]
  requestId: string
}

export type BatchResults = {
  results: (FreshDecision | Problem)[]
}

export type Replay = {
  /** Whether judging again gives the decision that is stored, to the byte. */
  same: boolean
}

export type Decision = {
  /** Null for a dry run, which leaves no decision. */
  traceId: string | null
  /** When it was received. */
  receivedAt: string
  /** When the event is counted: when it is said to have happened, or the nearest time that its key may say. */
  occurredAt: string
  decision: "APPROVED" | "STEP_UP_REQUIRED" | "DECLINED"
  /** The exact sum of the contributions, to 0.01. */
  riskScore: number
  /** LOW below 30, MEDIUM below 70, HIGH below 90. */
  riskLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL"
  /** Why, in a sentence. */
  reasonText: string
  policyVersion: number
  factors: Factor[]
  /** Single changes, the smallest of their kind, that would have been approved. Where expressions use much fuel, those that were found before the search ended. For you; not for the customer. */
  counterfactual: Counterfactual[]
  /** Why there is no such change: on_deny_list, not_by_amount, not_by_one_change, or forced_by_test. */
  counterfactualNone: string | null
  /** Strong customer authentication is not assessed by this version. */
  compliance: Compliance
  scaRequired: null
  /** What became of the agent's proof. */
  agent: AgentCheck
  /** Signed receipts are not issued by this version. */
  receipt: null
}

export type DecisionPage = {
  data: Decision[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type DecisionDetail = {
  /** Null for a dry run, which leaves no decision. */
  traceId: string | null
  /** When it was received. */
  receivedAt: string
  /** When the event is counted: when it is said to have happened, or the nearest time that its key may say. */
  occurredAt: string
  decision: "APPROVED" | "STEP_UP_REQUIRED" | "DECLINED"
  /** The exact sum of the contributions, to 0.01. */
  riskScore: number
  /** LOW below 30, MEDIUM below 70, HIGH below 90. */
  riskLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL"
  /** Why, in a sentence. */
  reasonText: string
  policyVersion: number
  factors: Factor[]
  /** Single changes, the smallest of their kind, that would have been approved. Where expressions use much fuel, those that were found before the search ended. For you; not for the customer. */
  counterfactual: Counterfactual[]
  /** Why there is no such change: on_deny_list, not_by_amount, not_by_one_change, or forced_by_test. */
  counterfactualNone: string | null
  /** Strong customer authentication is not assessed by this version. */
  compliance: Compliance
  scaRequired: null
  /** What became of the agent's proof. */
  agent: AgentCheck
  /** Signed receipts are not issued by this version. */
  receipt: null
  /** The request as it was judged; null once erased. */
  event: Record<string, unknown> | null
}

export type NewOutcome = {
  /** fraud and chargeback say that it should have been stopped, legitimate that it should not. */
  outcome: "fraud" | "legitimate" | "chargeback"
  /** When it became known, or was booked. */
  occurredAt: string
  /** In minor units of the decision's currency; its whole amount unless told. */
  amountMinor?: number
}

export type Outcome = {
  /** Id of a decision. */
  traceId: string
  /** fraud and chargeback say that it should have been stopped, legitimate that it should not. */
  outcome: "fraud" | "legitimate" | "chargeback"
  /** When it became known, or was booked. */
  occurredAt: string
  /** In minor units of the decision's currency. */
  amountMinor: number
  currency: string
  /** The one that was received last counts. */
  receivedAt: string
}

export type OutcomePage = {
  data: Outcome[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type ByDecision = {
  APPROVED: number
  STEP_UP_REQUIRED: number
  DECLINED: number
}

export type Usage = {
  /** A calendar month, UTC. E.g. `"2026-11"`. */
  period: string
  /** Decisions that are stored: neither dry runs nor answers given again. */
  evaluations: number
  byDecision: ByDecision
  /** How many decisions a month may have. This version has no such limit. */
  limit: null
  /** How many are left; null without a limit. */
  remaining: null
  /** Every decision that was stored by then is counted, and every outcome. */
  asOf: string
}

export type MoneyByDecision = {
  /** Approved. In minor units, as text: sums may be large. */
  APPROVED: string
  /** Asked for more. In minor units, as text: sums may be large. */
  STEP_UP_REQUIRED: string
  /** Declined. In minor units, as text: sums may be large. */
  DECLINED: string
}

export type Money = {
  currency: string
  byDecision: MoneyByDecision
}

export type ByOutcome = {
  fraud: number
  legitimate: number
  chargeback: number
}

export type MoneyByOutcome = {
  /** Fraud. In minor units, as text: sums may be large. */
  fraud: string
  /** Legitimate. In minor units, as text: sums may be large. */
  legitimate: string
  /** Charged back. In minor units, as text: sums may be large. */
  chargeback: string
}

export type OutcomeMoney = {
  currency: string
  byOutcome: MoneyByOutcome
  /** Fraud and chargebacks of decisions that approved. In minor units, as text: sums may be large. */
  fraudApproved: string
}

/** Of decisions received in the range, whenever the outcome came. */
export type Outcomes = {
  /** Decisions that have an outcome. */
  labelled: number
  byOutcome: ByOutcome
  money: OutcomeMoney[]
}

export type Quality = {
  /** Stopped, and fraud or chargeback. */
  tp: number
  /** Stopped, and legitimate. */
  fp: number
  /** Not stopped, and fraud or chargeback. */
  fn: number
  /** Not stopped, and legitimate. */
  tn: number
  /** tp of tp + fp; null where nothing that was stopped has an outcome. */
  precision: number | null
  /** tp of tp + fn; null where nothing is fraud. */
  recall: number | null
}

/** Of decisions that have an outcome. declined: only those are stopped; stopped: those that were asked for more too. */
export type QualityBoth = {
  declined: Quality
  stopped: Quality
}

/** From the validated request to the durable decision. */
export type Latency = {
  count: number
  /** The upper end of a bucket: at most 9.1 % too large, never too small. Null where nothing was measured. */
  p50: number | null
  /** The upper end of a bucket: at most 9.1 % too large, never too small. Null where nothing was measured. */
  p99: number | null
}

export type Summary = {
  /** Decisions that are stored: neither dry runs nor answers given again. */
  evaluations: number
  byDecision: ByDecision
  money: Money[]
  /** Of decisions received in the range, whenever the outcome came. */
  outcomes: Outcomes
  /** Of decisions that have an outcome. declined: only those are stopped; stopped: those that were asked for more too. */
  quality: QualityBoth
  /** From the validated request to the durable decision. */
  latencyMs: Latency
}

export type DaySummary = {
  /** UTC. E.g. `"2026-11-01"`. */
  day: string
  /** Decisions that are stored: neither dry runs nor answers given again. */
  evaluations: number
  byDecision: ByDecision
  money: Money[]
  /** Of decisions received in the range, whenever the outcome came. */
  outcomes: Outcomes
  /** Of decisions that have an outcome. declined: only those are stopped; stopped: those that were asked for more too. */
  quality: QualityBoth
  /** From the validated request to the durable decision. */
  latencyMs: Latency
}

export type PolicyVersionSummary = {
  policyVersion: number
  /** Decisions that are stored: neither dry runs nor answers given again. */
  evaluations: number
  byDecision: ByDecision
  money: Money[]
  /** Of decisions received in the range, whenever the outcome came. */
  outcomes: Outcomes
  /** Of decisions that have an outcome. declined: only those are stopped; stopped: those that were asked for more too. */
  quality: QualityBoth
  /** From the validated request to the durable decision. */
  latencyMs: Latency
}

export type FactorSummary = {
  factor: string
  measured: number
  /** Decisions in which its signal was missing. */
  missing: number
  /** Sum of its contributions. */
  points: number
  /** Mean contribution, to 0.01, missing ones included. */
  mean: number
}

export type RuleSummary = {
  rule: string
  /** Decisions to which it added points, or whose answer it gave. */
  fired: number
  /** Decisions in which it could not be looked at. */
  missing: number
  /** Sum of the points that it added. */
  points: number
  byOutcome: ByOutcome
}

export type Analytics = {
  /** First day, UTC. E.g. `"2026-11-01"`. */
  from: string
  /** The day after the last, UTC. E.g. `"2026-11-01"`. */
  to: string
  /** Every decision that was stored by then is counted, and every outcome. */
  asOf: string
  total: Summary
  /** Days that have decisions, oldest first. */
  byDay?: DaySummary[]
  byPolicyVersion?: PolicyVersionSummary[]
  byFactor?: FactorSummary[]
  byRule?: RuleSummary[]
}

export type List = {
  /** A word you choose. E.g. `"stolen-cards"`. */
  id: string
  /** deny declines, allow approves, custom is for rules to name. */
  kind: "allow" | "deny" | "custom"
  createdAt: string
}

export type Lists = {
  data: List[]
  nextCursor: null
}

export type NewList = {
  /** deny declines, allow approves, custom is for rules to name. */
  kind: "allow" | "deny" | "custom"
}

export type Entry = {
  id: string
  /** A word you choose. E.g. `"stolen-cards"`. */
  listId: string
  field: "user_id" | "merchant_id" | "card_fingerprint" | "device_id" | "ip" | "country" | "agent" | "free"
  value: string
  note: string | null
  expiresAt: string | null
  createdAt: string
}

export type EntryPage = {
  data: Entry[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type NewEntry = {
  field: "user_id" | "merchant_id" | "card_fingerprint" | "device_id" | "ip" | "country" | "agent" | "free"
  /** As events carry it. For `ip` an address or a range, such as 203.0.113.0/24; for `country` two capitals, such as SE; for `free` any text that metadata may hold. E.g. `"u_456"`. */
  value: string
  /** Why. Kept encrypted. */
  note?: string
  expiresAt?: string
}

export type NewEntries = {
  entries: NewEntry[]
}

export type EntryError = {
  pointer: string
  message: string
}

export type EntryResult = {
  /** duplicate: the list has the value already. */
  result: "added" | "duplicate" | "refused"
  id: string | null
  error: EntryError | null
}

export type ImportedEntries = {
  added: number
  /** In the order of the entries. */
  results: EntryResult[]
}

export type PolicyFactor = {
  id: string
  /** Points that 1 stands for. */
  weight: number
  /** Corners [x, y] over the signal with the id of the factor, x ascending, y from -1 to 1. */
  curve?: ([number, number])[]
  /** Instead of `curve`: gives a number from -1 to 1. E.g. `"amount > 100.0 ? 0.5 : 0.0"`. */
  cel?: string
  /** What a missing signal earns. */
  points_if_missing: number
  /** A sentence. `{amount}` shows what the signal was. E.g. `"Gift cards for {amount} {currency} are confirmed."`. */
  reason?: string
}

export type PolicyRule = {
  id: string
  /** An expression of type bool. E.g. `"category == 'gift_cards' && amount > 200.0"`. */
  when: string
  then: "decline" | "step_up" | "approve" | {
    /** Added to the score. */
    add: number
  }
  /** A sentence. `{amount}` shows what the signal was. E.g. `"Gift cards for {amount} {currency} are confirmed."`. */
  reason: string
}

/** docs/policy.md says what it means. E.g. `{"schema":1,"factors":[{"id":"amount_ratio","weight":60,"curve":[[0,0],[2,1]],"points_if_missing":10}],"rules":[{"id":"gift_cards","when":"category == \"gift_cards\" && amount > 200.0","then":"step_up","reason":"Gift cards for {amount} {currency} are confirmed."}],"thresholds":{"step_up":30,"decline":50},"lists":[]}`. */
export type Policy = {
  schema: 1
  factors: PolicyFactor[]
  rules: PolicyRule[]
  thresholds: {
    /** The score from which a confirmation is needed; null: never by the score. */
    step_up: number | null
    /** The score from which is declined; null: never by the score. */
    decline: number | null
  }
  /** Lists that expressions name. */
  lists: string[]
}

/** Version 1 is the default policy, which nobody published. */
export type PolicyVersion = {
  version: number
  restores: number | null
  publishedAt: string | null
  publishedBy: string | null
  /** docs/policy.md says what it means. E.g. `{"schema":1,"factors":[{"id":"amount_ratio","weight":60,"curve":[[0,0],[2,1]],"points_if_missing":10}],"rules":[{"id":"gift_cards","when":"category == \"gift_cards\" && amount > 200.0","then":"step_up","reason":"Gift cards for {amount} {currency} are confirmed."}],"thresholds":{"step_up":30,"decline":50},"lists":[]}`. */
  document: Policy
}

export type PolicyDraft = {
  /** Also in ETag. 0: no draft yet, and what is published is shown. */
  revision: number
  updatedAt: string | null
  updatedBy: string | null
  /** docs/policy.md says what it means. E.g. `{"schema":1,"factors":[{"id":"amount_ratio","weight":60,"curve":[[0,0],[2,1]],"points_if_missing":10}],"rules":[{"id":"gift_cards","when":"category == \"gift_cards\" && amount > 200.0","then":"step_up","reason":"Gift cards for {amount} {currency} are confirmed."}],"thresholds":{"step_up":30,"decline":50},"lists":[]}`. */
  document: Policy
}

/** line and column from 1, offset from 0. */
export type Position = {
  line: number
  column: number
  offset: number
}

export type PolicyVerdict = {
  ok: boolean
  errors: ({
    pointer: string
    message: string
    /** line and column from 1, offset from 0. */
    position?: Position
  })[]
}

export type PolicyPublication = {
  version: number
}

export type PolicyVersionPage = {
  data: PolicyVersion[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type PolicyDiff = {
  added: ({
    /** Into the second document; of what was removed, the first. */
    pointer: string
    to: unknown
  })[]
  removed: ({
    /** Into the second document; of what was removed, the first. */
    pointer: string
    from: unknown
  })[]
  changed: ({
    /** Into the second document; of what was removed, the first. */
    pointer: string
    from: unknown
    to: unknown
  })[]
}

export type Key = {
  /** Id of a key; not secret. */
  id: string
  name: string
  scopes: ("decisions:write" | "decisions:read" | "outcomes:write" | "analytics:read" | "lists:write" | "lists:read" | "policy:write" | "policy:read" | "keys:write" | "keys:read" | "auth:write" | "audit:write" | "audit:read" | "log:read" | "log:write" | "history:write")[]
  /** Networks the key is accepted from, as CIDR. Empty: from anywhere. */
  allowedIps: string[]
  /** When the key was made. */
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
  replacedBy: string | null
  lastUsedAt: string | null
}

export type KeyPage = {
  data: Key[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type NewKey = {
  name: string
  scopes: ("decisions:write" | "decisions:read" | "outcomes:write" | "analytics:read" | "lists:write" | "lists:read" | "policy:write" | "policy:read" | "keys:write" | "keys:read" | "auth:write" | "audit:write" | "audit:read" | "log:read" | "log:write" | "history:write")[]
  allowedIps?: string[]
  /** When the key shall stop working. */
  expiresAt?: string
}

export type IssuedKey = {
  /** Id of a key; not secret. */
  id: string
  name: string
  scopes: ("decisions:write" | "decisions:read" | "outcomes:write" | "analytics:read" | "lists:write" | "lists:read" | "policy:write" | "policy:read" | "keys:write" | "keys:read" | "auth:write" | "audit:write" | "audit:read" | "log:read" | "log:write" | "history:write")[]
  /** Networks the key is accepted from, as CIDR. Empty: from anywhere. */
  allowedIps: string[]
  /** When the key was made. */
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
  replacedBy: string | null
  lastUsedAt: string | null
  /** The secret key. Shown this once; only a hash is kept. */
  key: string
}

export type Rotation = {
  /** How long the old key still works; 24 hours unless told. */
  overlapSeconds?: number
}

export type ReplacedKey = {
  tenantId: string
  /** The new secret key. Shown this once; only a hash is kept. */
  apiKey: string
  /** Id of a key; not secret. */
  keyId: string
  /** Id of a key; not secret. */
  replaces: string
  /** How long the old key still works, unless it expires before. */
  overlapSeconds: number
}

export type LogFollower = {
  /** A word of yours. E.g. `"archive"`. */
  name: string
  /** How many entries it has: the next one is at this index. */
  position: number
  /** When it was made. */
  createdAt: string
  /** When it last moved. */
  movedAt: string
}

export type LogFollowers = {
  data: LogFollower[]
}

export type NewLogFollower = {
  /** Where it begins; the end of the log unless told. */
  position?: number
}

export type LogEntry = {
  /** Place in the log. */
  index: number
  /** Wire id of the row it stands for. */
  id: string
  /** Time of the row. */
  at: string
  /** Noun and verb, such as decision.created. */
  type: string
  /** SHA-256 of salt and content, hex. */
  commit: string
  /** Hex; null once the content is erased. */
  salt: string | null
  /** Canonical JSON; null once erased. */
  content: string | null
}

export type LogEntryPage = {
  /** Oldest first. */
  data: LogEntry[]
  /** Send as `after` for what follows. */
  nextAfter: number
}

export type LogAcknowledgement = {
  /** Where the follower stands. */
  from: number
  /** Entries before this index are done. */
  to: number
}

/** The newest checkpoint that satisfies the quorum. */
export type WitnessedCheckpoint = {
  /** How many entries. */
  size: number
  /** When the log signed it. */
  signedAt: string
}

export type LogWitness = {
  /** Name of its keys. */
  name: string
  /** Where it takes checkpoints. */
  url: string
  /** Its verifier keys, one a line. */
  vkeys: string
  /** What it did last. */
  state: "new" | "cosigned" | "stale" | "forked" | "inconsistent" | "rolled_back" | "lying" | "unknown_origin" | "unsigned" | "unusable" | "absent"
  /** What that means, and what to do. */
  means: string
  /** More about it, if there is more. */
  detail: string | null
  /** Since when it does that. */
  since: string
  askedAt: string | null
  /** Size of what it has cosigned last; 0 if nothing. */
  cosignedSize: number
  /** When it was added. */
  createdAt: string
}

export type LogWitnesses = {
  /** How many witnesses must have cosigned a checkpoint; 0 asks for none. */
  quorum: number
  witnessed: WitnessedCheckpoint | null
  data: LogWitness[]
}

export type NewLogWitness = {
  /** Its verifier keys, one a line: Ed25519 cosignature (0x04), ML-DSA-44 (0x06), or one of each. E.g. `"witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"`. */
  vkeys: string
  /** Its submission prefix: what stands before `/add-checkpoint`. E.g. `"https://witness.example/w1"`. */
  url: string
}

export type LogQuorum = {
  /** How many witnesses must have cosigned a checkpoint; 0 asks for none. */
  quorum: number
}

export type LogCheckpoint = {
  /** How many entries. */
  size: number
  /** Root of the tree (RFC 6962), base64. */
  root: string
  /** When. */
  signedAt: string
}

export type LogStatus = {
  /** Name of the log in its checkpoints. */
  origin: string
  /** How many entries. */
  size: number
  checkpoint: LogCheckpoint | null
  /** Whether anybody may read the tiles at /log/{tenant_id}. */
  public: boolean
}

export type LogVisibility = {
  /** True: anybody reads checkpoints, tiles and keys at /log/{tenant_id}. */
  public: boolean
}

export type Jwk = {
  kty: "OKP" | "AKP"
  crv?: string
  x?: string
  pub?: string
  alg: string
  use: string
  kid: string
  /** Seconds since 1970: when it was made. Keys of attestations only. */
  iat?: number
  /** Seconds since 1970: from then on it signs nothing any more. */
  exp?: number
}

export type LogKey = {
  version: number
  state: "current" | "retired" | "announced"
  /** Verifier keys, one a line (C2SP signed-note), Ed25519 first. */
  vkeys: string
  /** Digest of `vkeys`, as the announcement in the trail names it. */
  sha256: string
  jwks: Jwk[]
  pem: string[]
  /** Size of the first checkpoint that it signed. */
  firstSize: number | null
  /** Row of the trail that announced it, covered by a checkpoint of the key before it. */
  announcedIn: string | null
  /** When it was made. */
  createdAt: string
}

export type LogKeys = {
  origin: string
  /** Oldest first. */
  keys: LogKey[]
}

export type LogConsistency = {
  /** How many entries. */
  from: number
  /** How many entries. */
  to: number
  /** Hashes of RFC 6962 section 2.1.2, base64. */
  proof: string[]
}

export type LogPlace = {
  index: number
}

export type AuditEvent = {
  id: string
  /** When it happened. */
  at: string
  actor: {
    kind: "key" | "operator" | "system"
    id: string
  }
  /** Whoever the actor acted for. */
  onBehalfOf: string | null
  action: string
  /** What it was done to; for `access.refused` the method and the route. */
  target: string | null
  outcome: "success" | "refused"
  /** The request that did it. */
  requestId: string | null
  /** What was entered; null if nothing was, and once it is erased. */
  details: unknown
  /** Its place in the log; null for the moment until it is sequenced. */
  log: LogPlace | null
}

export type OcsfEvent = {
  specversion: "1.0"
  id: string
  source: string
  type: "vouch.audit.v1"
  subject: string
  /** When it happened. */
  time: string
  datacontenttype: "application/json"
  /** The OCSF event. */
  data: Record<string, unknown>
}

export type AuditPage = {
  data: (AuditEvent | OcsfEvent)[]
  /** Send as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export type AuditLevel = {
  /** `changes`: changes and refusals, always written. `reads`: also who read what. */
  level: "changes" | "reads"
}

/** Every route, what it takes and what it answers. */
export type Routes = {
  /** Judge a payment. Answers APPROVED, STEP_UP_REQUIRED or DECLINED with a score whose parts add up and a reason for each part. With an idempotency key, the same request gets the same decision for 24 hours. */
  'POST /v1/evaluate': {
    query?: {
      /** true: decide, and leave no decision. */
      dryRun?: boolean | undefined
    }
    header?: {
      /** Your own name for this request, 1 to 128 visible characters. */
      'idempotency-key'?: string | undefined
    }
    body: EvaluateRequest
    answer: FreshDecision
  }
  /** Judge up to 500 payments, each alone. Each event is taken as if it had been sent alone, after those before it. Results are in the same order: an answer, or the problem of this event, whose pointers begin at the event. Each event counts towards the rate limits. */
  'POST /v1/evaluate/batch': {
    query?: {
      /** true: decide, and leave no decision. */
      dryRun?: boolean | undefined
    }
    header?: {
      /** Refused: it is for one event. */
      'idempotency-key'?: string | undefined
    }
    body: Batch
    answer: BatchResults
  }
  /** Judge a decision again. Judges what is stored of the event, by the version of the policy that judged it, and compares every byte with the decision as it was stored. */
  'GET /v1/decisions/{trace_id}/replay': {
    path: {
      /** Id of a decision. */
      traceId: string
    }
    answer: Replay
  }
  /** Decisions, newest first. */
  'GET /v1/decisions': {
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
      decision?: "APPROVED" | "STEP_UP_REQUIRED" | "DECLINED" | undefined
      userId?: string | undefined
      merchantId?: string | undefined
      /** Received at or after. */
      from?: string | undefined
      /** Received before. */
      to?: string | undefined
      minScore?: number | undefined
    }
    answer: DecisionPage
  }
  /** One decision, with the event it judged. */
  'GET /v1/decisions/{trace_id}': {
    path: {
      /** Id of a decision. */
      traceId: string
    }
    answer: DecisionDetail
  }
  /** Say what became of a decision. All outcomes are kept, and the one that was received last counts. The same again as the last one changes nothing and gets the same answer. The decision itself stays as it was. */
  'POST /v1/decisions/{trace_id}/outcome': {
    path: {
      /** Id of a decision. */
      traceId: string
    }
    body: NewOutcome
    answer: Outcome
  }
  /** What became of a decision, newest first. */
  'GET /v1/decisions/{trace_id}/outcomes': {
    path: {
      /** Id of a decision. */
      traceId: string
    }
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
    }
    answer: OutcomePage
  }
  /** Decisions of a month. */
  'GET /v1/usage': {
    query?: {
      /** A calendar month, UTC. */
      period?: string | undefined
    }
    answer: Usage
  }
  /** Answers, money, outcomes, precision and latency of a range of days. Of decisions received on these days, UTC, at most 366. From counts that are kept; decisions that they do not have yet are added. docs/analytics.md defines every number. */
  'GET /v1/analytics': {
    query?: {
      /** First day, UTC. 30 days unless told. */
      from?: string | undefined
      /** The day after the last, UTC. */
      to?: string | undefined
      /** Also in parts. */
      by?: "day" | "policy_version" | "factor" | "rule" | undefined
    }
    answer: Analytics
  }
  /** All lists. */
  'GET /v1/lists': {
    answer: Lists
  }
  /** Make a list. */
  'PUT /v1/lists/{list_id}': {
    path: {
      /** A word you choose. */
      listId: string
    }
    body: NewList
    answer: List
  }
  /** Delete a list and its entries. */
  'DELETE /v1/lists/{list_id}': {
    path: {
      /** A word you choose. */
      listId: string
    }
    answer: undefined
  }
  /** Entries of a list, newest first. */
  'GET /v1/lists/{list_id}/entries': {
    path: {
      /** A word you choose. */
      listId: string
    }
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
    }
    answer: EntryPage
  }
  /** Add an entry. */
  'POST /v1/lists/{list_id}/entries': {
    path: {
      /** A word you choose. */
      listId: string
    }
    body: NewEntry
    answer: Entry
  }
  /** Add up to 500 entries, each judged alone. */
  'POST /v1/lists/{list_id}/import': {
    path: {
      /** A word you choose. */
      listId: string
    }
    body: NewEntries
    answer: ImportedEntries
  }
  /** Delete an entry. */
  'DELETE /v1/lists/{list_id}/entries/{entry_id}': {
    path: {
      /** A word you choose. */
      listId: string
      entryId: string
    }
    answer: undefined
  }
  /** The published policy. */
  'GET /v1/policy': {
    answer: PolicyVersion
  }
  /** The draft. */
  'GET /v1/policy/draft': {
    answer: PolicyDraft
  }
  /** Save the draft. With If-Match, only if the draft is still the one that was read; `"0"` is no draft yet. A policy with an error is refused. */
  'PUT /v1/policy/draft': {
    header?: {
      /** ETag of the draft that is meant; without it, whatever draft is there. */
      'if-match'?: string | undefined
    }
    body: Policy
    answer: PolicyDraft
  }
  /** Whether a policy could be published; stores nothing. */
  'POST /v1/policy/validate': {
    body: Policy
    answer: PolicyVerdict
  }
  /** Publish the draft as the next version. It judges the next decision, on every process. `version` must be the next one, so that of two who publish one is told. */
  'POST /v1/policy/publish': {
    header?: {
      /** ETag of the draft that is meant; without it, whatever draft is there. */
      'if-match'?: string | undefined
    }
    body: PolicyPublication
    answer: PolicyVersion
  }
  /** Publish an older version again, as a new one. */
  'POST /v1/policy/rollback': {
    body: PolicyPublication
    answer: PolicyVersion
  }
  /** Versions, newest first. */
  'GET /v1/policy/versions': {
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
    }
    answer: PolicyVersionPage
  }
  /** One version. */
  'GET /v1/policy/versions/{version}': {
    path: {
      version: number
    }
    answer: PolicyVersion
  }
  /** What differs between two versions, or a version and the draft. */
  'GET /v1/policy/diff': {
    query: {
      from: number
      /** Without it: the draft. */
      to?: number | undefined
    }
    answer: PolicyDiff
  }
  /** List keys, newest first. */
  'GET /v1/keys': {
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
    }
    answer: KeyPage
  }
  /** Issue a key. The answer holds the secret key, this once. A key can pass on only scopes that it holds itself. */
  'POST /v1/keys': {
    body: NewKey
    answer: IssuedKey
  }
  /** Replace a key, with an overlap in which both work. */
  'POST /v1/keys/{key_id}/rotate': {
    path: {
      /** Id of a key; not secret. */
      keyId: string
    }
    body: Rotation
    answer: IssuedKey
  }
  /** Replace the key that asks. The answer holds the new key, this once. The old one works for another 24 hours, and then no more. */
  'POST /v1/auth/rotate': {
    answer: ReplacedKey
  }
  /** Revoke a key; within a second it works nowhere. */
  'DELETE /v1/keys/{key_id}': {
    path: {
      /** Id of a key; not secret. */
      keyId: string
    }
    answer: Key
  }
  /** Who follows the log, and how far they have come. */
  'GET /v1/log/followers': {
    answer: LogFollowers
  }
  /** Begin to follow; a follower that exists stays where it is. */
  'PUT /v1/log/followers/{name}': {
    path: {
      /** A word of yours. */
      name: string
    }
    body: NewLogFollower
    answer: LogFollower
  }
  /** Stop following. */
  'DELETE /v1/log/followers/{name}': {
    path: {
      /** A word of yours. */
      name: string
    }
    answer: undefined
  }
  /** Entries that the follower has not acknowledged, oldest first. */
  'GET /v1/log/followers/{name}/entries': {
    path: {
      /** A word of yours. */
      name: string
    }
    query?: {
      /** Entries at most. */
      limit?: number | undefined
      /** Seconds to wait for an entry if there is none. */
      waitSeconds?: number | undefined
    }
    answer: LogEntryPage
  }
  /** Say that entries are done: the follower moves, once. Refused with 409 if the follower is elsewhere, so that two workers cannot both take the same entries for theirs. */
  'POST /v1/log/followers/{name}/acknowledge': {
    path: {
      /** A word of yours. */
      name: string
    }
    body: LogAcknowledgement
    answer: LogFollower
  }
  /** Who witnesses the log, what each did last, and the newest checkpoint that enough have cosigned. */
  'GET /v1/log/witnesses': {
    answer: LogWitnesses
  }
  /** Let a witness cosign checkpoints (C2SP tlog-witness); it is asked within seconds. */
  'POST /v1/log/witnesses': {
    body: NewLogWitness
    answer: LogWitness
  }
  /** Ask a witness no more. Its cosignatures are served no more. They are kept, and served again if it is added again. */
  'DELETE /v1/log/witnesses/{name}': {
    path: {
      /** Name of its keys, percent-encoded. */
      name: string
    }
    answer: undefined
  }
  /** Set how many witnesses must have cosigned a checkpoint. Nothing waits for them: a quorum that is not met for an hour makes the claim about the trail fail. */
  'PUT /v1/log/witness-quorum': {
    body: LogQuorum
    answer: LogWitnesses
  }
  /** Keys of the log, its witnesses and the quorum, for verifiers (C2SP tlog-policy). */
  'GET /v1/log/witness-policy': {
    answer: string | Uint8Array
  }
  /** The log: its name, its size, what was signed last. */
  'GET /v1/log': {
    answer: LogStatus
  }
  /** Let anybody read the log, or only keys with log:read. Tiles hold commitments and no contents; types, times and ids of what happened can be read from them. */
  'PUT /v1/log/visibility': {
    body: LogVisibility
    answer: LogStatus
  }
  /** Keys that sign, and those that did. */
  'GET /v1/log/keys': {
    answer: LogKeys
  }
  /** Announce the next key; it signs from the next checkpoint on. */
  'POST /v1/log/keys/rotate': {
    answer: LogKeys
  }
  /** Entries with their contents, oldest first. */
  'GET /v1/log/entries': {
    query?: {
      /** How many entries you have: the first of the answer is the one at this index. */
      after?: number | undefined
      /** Entries at most. */
      limit?: number | undefined
      /** Seconds to wait for an entry if there is none. */
      waitSeconds?: number | undefined
    }
    answer: LogEntryPage
  }
  /** Proof that a decision or a row of the trail is in the log (C2SP tlog-proof). */
  'GET /v1/log/proofs/{id}': {
    path: {
      /** Id of a decision, or of a row of the trail. */
      id: string
    }
    answer: string | Uint8Array
  }
  /** Proof that an earlier log is a beginning of a later one. */
  'GET /v1/log/consistency': {
    query: {
      /** Size of the smaller tree, at least 1. */
      from: number
      /** Size of the larger tree. */
      to: number
    }
    answer: LogConsistency
  }
  /** The newest signed checkpoint (C2SP tlog-checkpoint), with the lines of witnesses that have cosigned it. */
  'GET /v1/log/checkpoint': {
    query?: {
      /** true: the newest that as many witnesses have cosigned as the quorum asks for. */
      witnessed?: boolean | undefined
    }
    answer: string | Uint8Array
  }
  /** A tile or a bundle of entries (C2SP tlog-tiles). */
  'GET /v1/log/tile/{*}': {
    path: {
      /** As C2SP tlog-tiles has it: `0/x001/067`, `entries/000.p/12`. */
      '*': string
    }
    answer: string | Uint8Array
  }
  /** The trail: who did what, newest first. Every change, every refusal of a valid key, and who read what. Conditions that rarely meet can give a short or even empty page that has a `next_cursor`: go on until it is null. */
  'GET /v1/audit': {
    query?: {
      /** Items a page. */
      limit?: number | undefined
      /** `next_cursor` of the page before. */
      cursor?: string | undefined
      /** Exactly as it is recorded, e.g. a key’s id; or `operator` or `system`, for all of that kind. */
      actor?: string | undefined
      /** One of the closed list. Decisions are not here but at `/v1/decisions`. */
      action?: "tenant.created" | "log_key.announced" | "log.visibility_changed" | "log_content.erased" | "log.exported" | "log_follower.started" | "log_follower.stopped" | "log_witness.added" | "log_witness.removed" | "log.quorum_changed" | "audit.read" | "audit_level.read" | "access.refused" | "audit_level.changed" | "retention.applied" | "key.issued" | "key.rotated" | "key.revoked" | "key.listed" | "tenant.signed_up" | "contact.read" | "list.put" | "list.deleted" | "list_entry.added" | "list_entry.imported" | "list_entry.deleted" | "list.listed" | "list.read" | "policy_draft.saved" | "policy.published" | "policy.rolled_back" | "policy.read" | "policy_draft.read" | "policy_version.listed" | "policy_version.read" | "policy_version.compared" | "decision.created" | "decision.listed" | "decision.read" | "decision.replayed" | "usage.read" | "analytics.read" | "outcome.recorded" | "outcome.listed" | "claim.state_changed" | "attestation_key.made" | undefined
      /** Exactly as it is recorded, e.g. a key’s id. */
      target?: string | undefined
      outcome?: "success" | "refused" | undefined
      /** Recorded at or after. */
      from?: string | undefined
      /** Recorded before. */
      to?: string | undefined
      /** `ocsf`: OCSF 1.7.0 in CloudEvents 1.0.2. */
      format?: "vouch" | "ocsf" | undefined
    }
    answer: AuditPage
  }
  /** How much is written in the trail. */
  'GET /v1/audit/level': {
    answer: AuditLevel
  }
  /** Set how much is written in the trail. Changes and refusals are the floor, and always written. Every process follows within a second. */
  'PUT /v1/audit/level': {
    body: AuditLevel
    answer: AuditLevel
  }
}

/** Where bodies and answers have documents, whose names stay as they are; an array has the place of its items. */
export const documents = {
  'POST /v1/evaluate': { body: ['/user_limits', '/metadata'] },
  'POST /v1/evaluate/batch': { body: ['/events/user_limits', '/events/metadata'] },
  'GET /v1/decisions/{trace_id}': { answer: ['/event'] },
  'GET /v1/policy': { answer: ['/document'] },
  'GET /v1/policy/draft': { answer: ['/document'] },
  'PUT /v1/policy/draft': { body: [''], answer: ['/document'] },
  'POST /v1/policy/validate': { body: [''] },
  'POST /v1/policy/publish': { answer: ['/document'] },
  'POST /v1/policy/rollback': { answer: ['/document'] },
  'GET /v1/policy/versions': { answer: ['/data/document'] },
  'GET /v1/policy/versions/{version}': { answer: ['/document'] },
  'GET /v1/policy/diff': { answer: ['/added/to', '/removed/from', '/changed/from', '/changed/to'] },
  'GET /v1/audit': { answer: ['/data/details', '/data/data'] },
} as const

/** Routes that answer text or bytes. All others answer JSON, or nothing. */
export const plain: readonly string[] = [
  'GET /v1/log/witness-policy',
  'GET /v1/log/proofs/{id}',
  'GET /v1/log/checkpoint',
  'GET /v1/log/tile/{*}',
]
