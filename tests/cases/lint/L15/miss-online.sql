-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus ON dbo.orders (tenantId, status) WITH (ONLINE = ON);
CREATE NONCLUSTERED INDEX ixOrdersTenantIdNote ON dbo.orders (tenantId, note)
    WITH (ONLINE = ON (WAIT_AT_LOW_PRIORITY (MAX_DURATION = 5 MINUTES, ABORT_AFTER_WAIT = SELF)));
