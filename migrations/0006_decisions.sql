-- Decisions: the answer, with everything needed to explain it. Written once, never updated. A decision is its own row
-- of the trail (who asked, in which request), so that the hot path writes it once.
create table decision (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  at timestamptz not null,
  occurred_at timestamptz not null,
  actor_kind text not null check (actor_kind in ('key', 'operator', 'system')),
  actor_id text not null,
  request_id uuid not null,
  decision text not null check (decision in ('APPROVED', 'STEP_UP_REQUIRED', 'DECLINED')),
  risk_score integer not null check (risk_score between 0 and 10000),
  policy_version integer not null,
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  category text not null,
  merchant_key bytea not null check (length(merchant_key) = 32),
  user_key bytea check (length(user_key) = 32),
  document bytea not null,
  event bytea,
  primary key (tenant_id, id)
) partition by range (id);
create index decision_by_outcome on decision (tenant_id, decision, id);
create index decision_by_user on decision (tenant_id, user_key, id) where user_key is not null;
create index decision_by_merchant on decision (tenant_id, merchant_key, id);
select raise_wall('decision');
comment on column decision.tenant_id is 'none: the tenant';
comment on column decision.id is 'none: UUIDv7, the trace id';
comment on column decision.at is 'none: when it was received';
comment on column decision.occurred_at is 'none: when the event is said to have happened';
comment on column decision.actor_kind is 'none: key, operator or system';
comment on column decision.actor_id is 'none: wire id of the key that asked';
comment on column decision.request_id is 'none: id of the request';
comment on column decision.decision is 'none: the answer';
comment on column decision.risk_score is 'none: hundredths of a point';
comment on column decision.policy_version is 'none: the policy that judged';
comment on column decision.amount_minor is 'none: minor units';
comment on column decision.currency is 'none: ISO 4217';
comment on column decision.category is 'none: what is bought, a word of the tenant';
comment on column decision.merchant_key is 'personal: payee; identifier; to find decisions about one; as the decision; HMAC under the tenant''s index key';
comment on column decision.user_key is 'personal: end user; identifier; to find decisions about one; as the decision; HMAC under the tenant''s index key';
comment on column decision.document is 'none: canonical JSON of the decision; reasons as message ids with amounts, ratios and words of the policy, no identifiers';
comment on column decision.event is 'personal: end user; identifiers and circumstances of a payment; to explain and replay the decision; as the decision, erasable alone; sealed';

-- One row for each idempotency key of the last 24 hours, in the transaction of the decision it stands for.
create table idempotency (
  tenant_id uuid not null references tenant (id),
  key_hash bytea not null check (length(key_hash) = 32),
  body_hash bytea not null check (length(body_hash) = 32),
  decision_id uuid not null,
  at timestamptz not null,
  primary key (tenant_id, key_hash)
);
create index idempotency_by_age on idempotency (tenant_id, at);
select raise_wall('idempotency');
comment on column idempotency.tenant_id is 'none: the tenant';
comment on column idempotency.key_hash is 'none: HMAC of the key the caller chose';
comment on column idempotency.body_hash is 'none: HMAC of the canonical request';
comment on column idempotency.decision_id is 'none: the decision that was the answer';
comment on column idempotency.at is 'none: time';

grant select, insert on decision to vouch_app;
grant update (event) on decision to vouch_app;
grant select, insert, update, delete on idempotency to vouch_app;
