-- create table auditLogs (additive)
-- create table bomColumnMappings (additive)
-- create table jobRuns (additive)
-- create table columnDetectionAudits (additive)
-- create table historyEntries (additive)
-- create table uploadEvents (additive)
-- create table uploadPolicies (additive)

-- Table auditLogs.
CREATE TABLE "auditLogs" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyAuditLogsTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "auditLogId" TEXT NOT NULL CONSTRAINT "dfAuditLogsAuditLogId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyAuditLogsAuditLogId" CHECK ("auditLogId" GLOB '????????-????-????-????-????????????' AND "auditLogId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("auditLogId", '-', '') AS BLOB)) = 32 /* uuid */),
    "actorType" TEXT NOT NULL CONSTRAINT "tyAuditLogsActorType" CHECK (length("actorType") <= 16 /* string(16) */),
    "actorId" TEXT NOT NULL CONSTRAINT "tyAuditLogsActorId" CHECK (length("actorId") BETWEEN 1 AND 128 AND substr("actorId", -1) <> ' ' /* key(128) */),
    "action" TEXT NOT NULL CONSTRAINT "tyAuditLogsAction" CHECK (length("action") BETWEEN 1 AND 64 AND substr("action", -1) <> ' ' /* key(64) */),
    "entityType" TEXT NOT NULL CONSTRAINT "tyAuditLogsEntityType" CHECK (length("entityType") BETWEEN 1 AND 64 AND substr("entityType", -1) <> ' ' /* key(64) */),
    "entityId" TEXT NOT NULL CONSTRAINT "tyAuditLogsEntityId" CHECK (length("entityId") BETWEEN 1 AND 128 AND substr("entityId", -1) <> ' ' /* key(128) */),
    "outcome" TEXT NOT NULL CONSTRAINT "tyAuditLogsOutcome" CHECK (length("outcome") <= 16 /* string(16) */),
    "correlationId" TEXT NOT NULL CONSTRAINT "tyAuditLogsCorrelationId" CHECK (length("correlationId") BETWEEN 1 AND 64 AND substr("correlationId", -1) <> ' ' /* key(64) */),
    "details" TEXT CONSTRAINT "tyAuditLogsDetails" CHECK (json_valid("details") /* json */),
    "occurredAt" TEXT NOT NULL CONSTRAINT "dfAuditLogsOccurredAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyAuditLogsOccurredAt" CHECK (length(CAST("occurredAt" AS BLOB)) = 24 AND "occurredAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("occurredAt", 1, 19)) IS substr("occurredAt", 1, 19) AND substr("occurredAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfAuditLogsCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyAuditLogsCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    CONSTRAINT "pkAuditLogs" PRIMARY KEY ("tenantId", "auditLogId"),
    CONSTRAINT "ckAuditLogsActorType" CHECK ("actorType" IN ('user', 'service', 'admin')),
    CONSTRAINT "ckAuditLogsOutcome" CHECK ("outcome" IN ('succeeded', 'denied', 'failed'))
) STRICT;

CREATE INDEX "ixAuditLogsTenantIdCorrelationId" ON "auditLogs" ("tenantId", "correlationId");

CREATE INDEX "ixAuditLogsTenantIdEntityTypeEntityId" ON "auditLogs" ("tenantId", "entityType", "entityId");

CREATE INDEX "ixAuditLogsTenantIdOccurredAt" ON "auditLogs" ("tenantId", "occurredAt" DESC);

-- Rows of auditLogs are written once: they are neither changed nor removed.
CREATE TRIGGER "trAuditLogsAppendOnlyUpdate" BEFORE UPDATE ON "auditLogs"
BEGIN
    SELECT RAISE(ABORT, 'auditLogs is append-only: UPDATE is refused');
END;

CREATE TRIGGER "trAuditLogsAppendOnlyDelete" BEFORE DELETE ON "auditLogs"
BEGIN
    SELECT RAISE(ABORT, 'auditLogs is append-only: DELETE is refused');
END;

-- Table bomColumnMappings.
CREATE TABLE "bomColumnMappings" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "bomColumnMappingId" TEXT NOT NULL CONSTRAINT "dfBomColumnMappingsBomColumnMappingId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyBomColumnMappingsBomColumnMappingId" CHECK ("bomColumnMappingId" GLOB '????????-????-????-????-????????????' AND "bomColumnMappingId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("bomColumnMappingId", '-', '') AS BLOB)) = 32 /* uuid */),
    "mappingName" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsMappingName" CHECK (length("mappingName") BETWEEN 1 AND 128 AND substr("mappingName", -1) <> ' ' /* key(128) */),
    "sourceColumn" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsSourceColumn" CHECK (length("sourceColumn") <= 256 /* string(256) */),
    "normalizedSourceColumn" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsNormalizedSourceColumn" CHECK (length("normalizedSourceColumn") BETWEEN 1 AND 256 AND substr("normalizedSourceColumn", -1) <> ' ' /* key(256) */),
    "targetField" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsTargetField" CHECK (length("targetField") BETWEEN 1 AND 128 AND substr("targetField", -1) <> ' ' /* key(128) */),
    "mappingSource" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsMappingSource" CHECK (length("mappingSource") <= 16 /* string(16) */),
    "confidence" INTEGER CONSTRAINT "tyBomColumnMappingsConfidenceScaledBy10000" CHECK ("confidence" BETWEEN -99999 AND 99999 /* decimal(5,4) */),
    "isActive" INTEGER NOT NULL CONSTRAINT "dfBomColumnMappingsIsActive" DEFAULT (1) CONSTRAINT "tyBomColumnMappingsIsActive" CHECK ("isActive" IN (0, 1) /* bool */),
    "createdBy" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsCreatedBy" CHECK (length("createdBy") BETWEEN 1 AND 128 AND substr("createdBy", -1) <> ' ' /* key(128) */),
    "updatedBy" TEXT NOT NULL CONSTRAINT "tyBomColumnMappingsUpdatedBy" CHECK (length("updatedBy") BETWEEN 1 AND 128 AND substr("updatedBy", -1) <> ' ' /* key(128) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfBomColumnMappingsCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyBomColumnMappingsCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "updatedAt" TEXT NOT NULL CONSTRAINT "dfBomColumnMappingsUpdatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyBomColumnMappingsUpdatedAt" CHECK (length(CAST("updatedAt" AS BLOB)) = 24 AND "updatedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("updatedAt", 1, 19)) IS substr("updatedAt", 1, 19) AND substr("updatedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "version" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "pkBomColumnMappings" PRIMARY KEY ("tenantId", "bomColumnMappingId"),
    CONSTRAINT "ckBomColumnMappingsMappingSource" CHECK ("mappingSource" IN ('auto', 'manual', 'imported')),
    CONSTRAINT "ckBomColumnMappingsConfidence" CHECK ("confidence" >= 0 AND "confidence" <= 10000),
    CONSTRAINT "ckBomColumnMappingsAutoHasConfidence" CHECK ("mappingSource" <> 'auto' OR "confidence" IS NOT NULL)
) STRICT;

CREATE INDEX "ixBomColumnMappingsTenantIdMappingNameTargetField" ON "bomColumnMappings" ("tenantId", "mappingName", "targetField");

CREATE UNIQUE INDEX "uqBomColumnMappingsActive" ON "bomColumnMappings" ("tenantId", "mappingName", "normalizedSourceColumn")
    WHERE "isActive" = 1;

-- version of bomColumnMappings counts the changes of a row.
CREATE TRIGGER "tyBomColumnMappingsVersion" AFTER UPDATE ON "bomColumnMappings" WHEN NEW."version" = OLD."version"
BEGIN
    UPDATE "bomColumnMappings" SET "version" = OLD."version" + 1 WHERE rowid = NEW.rowid;
END;

-- Table jobRuns.
CREATE TABLE "jobRuns" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyJobRunsTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "jobRunId" TEXT NOT NULL CONSTRAINT "dfJobRunsJobRunId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyJobRunsJobRunId" CHECK ("jobRunId" GLOB '????????-????-????-????-????????????' AND "jobRunId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("jobRunId", '-', '') AS BLOB)) = 32 /* uuid */),
    "jobType" TEXT NOT NULL CONSTRAINT "tyJobRunsJobType" CHECK (length("jobType") BETWEEN 1 AND 64 AND substr("jobType", -1) <> ' ' /* key(64) */),
    "status" TEXT NOT NULL CONSTRAINT "dfJobRunsStatus" DEFAULT ('queued') CONSTRAINT "tyJobRunsStatus" CHECK (length("status") <= 32 /* string(32) */),
    "idempotencyKey" TEXT NOT NULL CONSTRAINT "tyJobRunsIdempotencyKey" CHECK (length("idempotencyKey") BETWEEN 1 AND 128 AND substr("idempotencyKey", -1) <> ' ' /* key(128) */),
    "requestHash" TEXT NOT NULL CONSTRAINT "tyJobRunsRequestHash" CHECK (length("requestHash") = 64 AND length(CAST("requestHash" AS BLOB)) = 64 /* fixedAscii(64) */),
    "correlationId" TEXT NOT NULL CONSTRAINT "tyJobRunsCorrelationId" CHECK (length("correlationId") BETWEEN 1 AND 64 AND substr("correlationId", -1) <> ' ' /* key(64) */),
    "createdBy" TEXT NOT NULL CONSTRAINT "tyJobRunsCreatedBy" CHECK (length("createdBy") BETWEEN 1 AND 128 AND substr("createdBy", -1) <> ' ' /* key(128) */),
    "sourceFileName" TEXT CONSTRAINT "tyJobRunsSourceFileName" CHECK (length("sourceFileName") <= 260 /* string(260) */),
    "fileSizeBytes" INTEGER CONSTRAINT "tyJobRunsFileSizeBytes" CHECK (typeof("fileSizeBytes") IN ('integer', 'null') /* bigint */),
    "fileSha256" TEXT CONSTRAINT "tyJobRunsFileSha256" CHECK (length("fileSha256") = 64 AND length(CAST("fileSha256" AS BLOB)) = 64 /* fixedAscii(64) */),
    "attemptCount" INTEGER NOT NULL CONSTRAINT "dfJobRunsAttemptCount" DEFAULT (0) CONSTRAINT "tyJobRunsAttemptCount" CHECK ("attemptCount" BETWEEN -2147483648 AND 2147483647 /* int */),
    "errorCode" TEXT CONSTRAINT "tyJobRunsErrorCode" CHECK (length("errorCode") BETWEEN 1 AND 64 AND substr("errorCode", -1) <> ' ' /* key(64) */),
    "errorMessage" TEXT CONSTRAINT "tyJobRunsErrorMessage" CHECK (length("errorMessage") <= 2000 /* string(2000) */),
    "queuedAt" TEXT NOT NULL CONSTRAINT "dfJobRunsQueuedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyJobRunsQueuedAt" CHECK (length(CAST("queuedAt" AS BLOB)) = 24 AND "queuedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("queuedAt", 1, 19)) IS substr("queuedAt", 1, 19) AND substr("queuedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "startedAt" TEXT CONSTRAINT "tyJobRunsStartedAt" CHECK (length(CAST("startedAt" AS BLOB)) = 24 AND "startedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("startedAt", 1, 19)) IS substr("startedAt", 1, 19) AND substr("startedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "finishedAt" TEXT CONSTRAINT "tyJobRunsFinishedAt" CHECK (length(CAST("finishedAt" AS BLOB)) = 24 AND "finishedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("finishedAt", 1, 19)) IS substr("finishedAt", 1, 19) AND substr("finishedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfJobRunsCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyJobRunsCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "updatedAt" TEXT NOT NULL CONSTRAINT "dfJobRunsUpdatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyJobRunsUpdatedAt" CHECK (length(CAST("updatedAt" AS BLOB)) = 24 AND "updatedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("updatedAt", 1, 19)) IS substr("updatedAt", 1, 19) AND substr("updatedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "version" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "pkJobRuns" PRIMARY KEY ("tenantId", "jobRunId"),
    CONSTRAINT "uqJobRunsTenantIdIdempotencyKey" UNIQUE ("tenantId", "idempotencyKey"),
    CONSTRAINT "ckJobRunsStatus" CHECK ("status" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT "ckJobRunsFileSizeBytes" CHECK ("fileSizeBytes" >= 0),
    CONSTRAINT "ckJobRunsAttemptCount" CHECK ("attemptCount" >= 0),
    CONSTRAINT "ckJobRunsFinishedAfterStarted" CHECK ("finishedAt" IS NULL OR "startedAt" IS NULL OR "finishedAt" >= "startedAt"),
    CONSTRAINT "ckJobRunsFinishedIsFinal" CHECK ("status" IN ('queued', 'running') AND "finishedAt" IS NULL OR "status" IN ('succeeded', 'failed', 'cancelled') AND "finishedAt" IS NOT NULL)
) STRICT;

CREATE INDEX "ixJobRunsOpen" ON "jobRuns" ("tenantId", "queuedAt", "status", "jobType", "attemptCount")
    WHERE "status" IN ('queued', 'running');

CREATE INDEX "ixJobRunsTenantIdCorrelationId" ON "jobRuns" ("tenantId", "correlationId");

CREATE INDEX "ixJobRunsTenantIdStatusCreatedAt" ON "jobRuns" ("tenantId", "status", "createdAt" DESC);

-- version of jobRuns counts the changes of a row.
CREATE TRIGGER "tyJobRunsVersion" AFTER UPDATE ON "jobRuns" WHEN NEW."version" = OLD."version"
BEGIN
    UPDATE "jobRuns" SET "version" = OLD."version" + 1 WHERE rowid = NEW.rowid;
END;

-- Table columnDetectionAudits.
CREATE TABLE "columnDetectionAudits" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyColumnDetectionAuditsTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "columnDetectionAuditId" TEXT NOT NULL CONSTRAINT "dfColumnDetectionAuditsColumnDetectionAuditId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyColumnDetectionAuditsColumnDetectionAuditId" CHECK ("columnDetectionAuditId" GLOB '????????-????-????-????-????????????' AND "columnDetectionAuditId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("columnDetectionAuditId", '-', '') AS BLOB)) = 32 /* uuid */),
    "jobRunId" TEXT NOT NULL CONSTRAINT "tyColumnDetectionAuditsJobRunId" CHECK ("jobRunId" GLOB '????????-????-????-????-????????????' AND "jobRunId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("jobRunId", '-', '') AS BLOB)) = 32 /* uuid */),
    "sheetName" TEXT NOT NULL CONSTRAINT "tyColumnDetectionAuditsSheetName" CHECK (length("sheetName") <= 128 /* string(128) */),
    "columnIndex" INTEGER NOT NULL CONSTRAINT "tyColumnDetectionAuditsColumnIndex" CHECK ("columnIndex" BETWEEN -2147483648 AND 2147483647 /* int */),
    "headerText" TEXT CONSTRAINT "tyColumnDetectionAuditsHeaderText" CHECK (length("headerText") <= 512 /* string(512) */),
    "detectedField" TEXT CONSTRAINT "tyColumnDetectionAuditsDetectedField" CHECK (length("detectedField") BETWEEN 1 AND 128 AND substr("detectedField", -1) <> ' ' /* key(128) */),
    "confidence" INTEGER NOT NULL CONSTRAINT "tyColumnDetectionAuditsConfidenceScaledBy10000" CHECK ("confidence" BETWEEN -99999 AND 99999 /* decimal(5,4) */),
    "strategy" TEXT NOT NULL CONSTRAINT "tyColumnDetectionAuditsStrategy" CHECK (length("strategy") BETWEEN 1 AND 64 AND substr("strategy", -1) <> ' ' /* key(64) */),
    "candidates" TEXT CONSTRAINT "tyColumnDetectionAuditsCandidates" CHECK (json_valid("candidates") /* json */),
    "wasChosen" INTEGER NOT NULL CONSTRAINT "dfColumnDetectionAuditsWasChosen" DEFAULT (0) CONSTRAINT "tyColumnDetectionAuditsWasChosen" CHECK ("wasChosen" IN (0, 1) /* bool */),
    "reviewedBy" TEXT CONSTRAINT "tyColumnDetectionAuditsReviewedBy" CHECK (length("reviewedBy") BETWEEN 1 AND 128 AND substr("reviewedBy", -1) <> ' ' /* key(128) */),
    "reviewedAt" TEXT CONSTRAINT "tyColumnDetectionAuditsReviewedAt" CHECK (length(CAST("reviewedAt" AS BLOB)) = 24 AND "reviewedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("reviewedAt", 1, 19)) IS substr("reviewedAt", 1, 19) AND substr("reviewedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "detectedAt" TEXT NOT NULL CONSTRAINT "dfColumnDetectionAuditsDetectedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyColumnDetectionAuditsDetectedAt" CHECK (length(CAST("detectedAt" AS BLOB)) = 24 AND "detectedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("detectedAt", 1, 19)) IS substr("detectedAt", 1, 19) AND substr("detectedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfColumnDetectionAuditsCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyColumnDetectionAuditsCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    CONSTRAINT "pkColumnDetectionAudits" PRIMARY KEY ("tenantId", "columnDetectionAuditId"),
    CONSTRAINT "uqColumnDetectionAuditsTenantIdJobRunIdSheetNameColumnIndexStrategy" UNIQUE ("tenantId", "jobRunId", "sheetName", "columnIndex", "strategy"),
    CONSTRAINT "ckColumnDetectionAuditsColumnIndex" CHECK ("columnIndex" >= 0),
    CONSTRAINT "ckColumnDetectionAuditsConfidence" CHECK ("confidence" >= 0 AND "confidence" <= 10000),
    CONSTRAINT "ckColumnDetectionAuditsReview" CHECK ("reviewedBy" IS NULL AND "reviewedAt" IS NULL OR "reviewedBy" IS NOT NULL AND "reviewedAt" IS NOT NULL),
    CONSTRAINT "fkColumnDetectionAuditsJobRuns" FOREIGN KEY ("tenantId", "jobRunId") REFERENCES "jobRuns" ("tenantId", "jobRunId")
) STRICT;

CREATE INDEX "ixColumnDetectionAuditsUnreviewed" ON "columnDetectionAudits" ("tenantId", "detectedAt" DESC, "jobRunId", "detectedField", "confidence")
    WHERE "reviewedAt" IS NULL;

-- Table historyEntries.
CREATE TABLE "historyEntries" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyHistoryEntriesTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "historyEntryId" TEXT NOT NULL CONSTRAINT "dfHistoryEntriesHistoryEntryId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyHistoryEntriesHistoryEntryId" CHECK ("historyEntryId" GLOB '????????-????-????-????-????????????' AND "historyEntryId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("historyEntryId", '-', '') AS BLOB)) = 32 /* uuid */),
    "jobRunId" TEXT NOT NULL CONSTRAINT "tyHistoryEntriesJobRunId" CHECK ("jobRunId" GLOB '????????-????-????-????-????????????' AND "jobRunId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("jobRunId", '-', '') AS BLOB)) = 32 /* uuid */),
    "sequence" INTEGER NOT NULL CONSTRAINT "tyHistoryEntriesSequence" CHECK ("sequence" BETWEEN -2147483648 AND 2147483647 /* int */),
    "eventType" TEXT NOT NULL CONSTRAINT "tyHistoryEntriesEventType" CHECK (length("eventType") BETWEEN 1 AND 64 AND substr("eventType", -1) <> ' ' /* key(64) */),
    "fromStatus" TEXT CONSTRAINT "tyHistoryEntriesFromStatus" CHECK (length("fromStatus") <= 32 /* string(32) */),
    "toStatus" TEXT CONSTRAINT "tyHistoryEntriesToStatus" CHECK (length("toStatus") <= 32 /* string(32) */),
    "message" TEXT CONSTRAINT "tyHistoryEntriesMessage" CHECK (length("message") <= 2000 /* string(2000) */),
    "details" TEXT CONSTRAINT "tyHistoryEntriesDetails" CHECK (json_valid("details") /* json */),
    "actorId" TEXT NOT NULL CONSTRAINT "tyHistoryEntriesActorId" CHECK (length("actorId") BETWEEN 1 AND 128 AND substr("actorId", -1) <> ' ' /* key(128) */),
    "correlationId" TEXT NOT NULL CONSTRAINT "tyHistoryEntriesCorrelationId" CHECK (length("correlationId") BETWEEN 1 AND 64 AND substr("correlationId", -1) <> ' ' /* key(64) */),
    "occurredAt" TEXT NOT NULL CONSTRAINT "dfHistoryEntriesOccurredAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyHistoryEntriesOccurredAt" CHECK (length(CAST("occurredAt" AS BLOB)) = 24 AND "occurredAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("occurredAt", 1, 19)) IS substr("occurredAt", 1, 19) AND substr("occurredAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfHistoryEntriesCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyHistoryEntriesCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    CONSTRAINT "pkHistoryEntries" PRIMARY KEY ("tenantId", "historyEntryId"),
    CONSTRAINT "uqHistoryEntriesTenantIdJobRunIdSequence" UNIQUE ("tenantId", "jobRunId", "sequence"),
    CONSTRAINT "ckHistoryEntriesSequence" CHECK ("sequence" >= 1),
    CONSTRAINT "ckHistoryEntriesFromStatus" CHECK ("fromStatus" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT "ckHistoryEntriesToStatus" CHECK ("toStatus" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT "fkHistoryEntriesJobRuns" FOREIGN KEY ("tenantId", "jobRunId") REFERENCES "jobRuns" ("tenantId", "jobRunId")
) STRICT;

CREATE INDEX "ixHistoryEntriesTenantIdCorrelationId" ON "historyEntries" ("tenantId", "correlationId");

CREATE INDEX "ixHistoryEntriesTenantIdOccurredAt" ON "historyEntries" ("tenantId", "occurredAt" DESC);

-- Rows of historyEntries are written once: they are neither changed nor removed.
CREATE TRIGGER "trHistoryEntriesAppendOnlyUpdate" BEFORE UPDATE ON "historyEntries"
BEGIN
    SELECT RAISE(ABORT, 'historyEntries is append-only: UPDATE is refused');
END;

CREATE TRIGGER "trHistoryEntriesAppendOnlyDelete" BEFORE DELETE ON "historyEntries"
BEGIN
    SELECT RAISE(ABORT, 'historyEntries is append-only: DELETE is refused');
END;

-- Table uploadEvents.
CREATE TABLE "uploadEvents" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyUploadEventsTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "uploadEventId" TEXT NOT NULL CONSTRAINT "dfUploadEventsUploadEventId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyUploadEventsUploadEventId" CHECK ("uploadEventId" GLOB '????????-????-????-????-????????????' AND "uploadEventId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("uploadEventId", '-', '') AS BLOB)) = 32 /* uuid */),
    "jobRunId" TEXT CONSTRAINT "tyUploadEventsJobRunId" CHECK ("jobRunId" GLOB '????????-????-????-????-????????????' AND "jobRunId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("jobRunId", '-', '') AS BLOB)) = 32 /* uuid */),
    "userId" TEXT NOT NULL CONSTRAINT "tyUploadEventsUserId" CHECK (length("userId") BETWEEN 1 AND 128 AND substr("userId", -1) <> ' ' /* key(128) */),
    "outcome" TEXT NOT NULL CONSTRAINT "tyUploadEventsOutcome" CHECK (length("outcome") <= 16 /* string(16) */),
    "reasonCode" TEXT CONSTRAINT "tyUploadEventsReasonCode" CHECK (length("reasonCode") BETWEEN 1 AND 64 AND substr("reasonCode", -1) <> ' ' /* key(64) */),
    "fileName" TEXT CONSTRAINT "tyUploadEventsFileName" CHECK (length("fileName") <= 260 /* string(260) */),
    "fileSizeBytes" INTEGER CONSTRAINT "tyUploadEventsFileSizeBytes" CHECK (typeof("fileSizeBytes") IN ('integer', 'null') /* bigint */),
    "idempotencyKey" TEXT CONSTRAINT "tyUploadEventsIdempotencyKey" CHECK (length("idempotencyKey") BETWEEN 1 AND 128 AND substr("idempotencyKey", -1) <> ' ' /* key(128) */),
    "correlationId" TEXT NOT NULL CONSTRAINT "tyUploadEventsCorrelationId" CHECK (length("correlationId") BETWEEN 1 AND 64 AND substr("correlationId", -1) <> ' ' /* key(64) */),
    "occurredAt" TEXT NOT NULL CONSTRAINT "dfUploadEventsOccurredAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyUploadEventsOccurredAt" CHECK (length(CAST("occurredAt" AS BLOB)) = 24 AND "occurredAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("occurredAt", 1, 19)) IS substr("occurredAt", 1, 19) AND substr("occurredAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfUploadEventsCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyUploadEventsCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    CONSTRAINT "pkUploadEvents" PRIMARY KEY ("tenantId", "uploadEventId"),
    CONSTRAINT "ckUploadEventsOutcome" CHECK ("outcome" IN ('accepted', 'duplicate', 'rejected', 'throttled')),
    CONSTRAINT "ckUploadEventsFileSizeBytes" CHECK ("fileSizeBytes" >= 0),
    CONSTRAINT "ckUploadEventsOutcomeHasJob" CHECK ("outcome" IN ('rejected', 'throttled') OR "jobRunId" IS NOT NULL),
    CONSTRAINT "ckUploadEventsOutcomeHasReason" CHECK ("outcome" IN ('accepted', 'duplicate') OR "reasonCode" IS NOT NULL),
    CONSTRAINT "fkUploadEventsJobRuns" FOREIGN KEY ("tenantId", "jobRunId") REFERENCES "jobRuns" ("tenantId", "jobRunId")
) STRICT;

CREATE INDEX "ixUploadEventsTenantIdCorrelationId" ON "uploadEvents" ("tenantId", "correlationId");

CREATE INDEX "ixUploadEventsTenantIdJobRunId" ON "uploadEvents" ("tenantId", "jobRunId")
    WHERE "jobRunId" IS NOT NULL;

CREATE INDEX "ixUploadEventsTenantIdUserIdOccurredAt" ON "uploadEvents" ("tenantId", "userId", "occurredAt" DESC);

-- Table uploadPolicies.
CREATE TABLE "uploadPolicies" (
    "tenantId" TEXT NOT NULL CONSTRAINT "tyUploadPoliciesTenantId" CHECK (length("tenantId") BETWEEN 1 AND 64 AND substr("tenantId", -1) <> ' ' /* key(64) */),
    "uploadPolicyId" TEXT NOT NULL CONSTRAINT "dfUploadPoliciesUploadPolicyId" DEFAULT (printf('%08x-%04x-7%03x-%04x-%012x', CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)) CONSTRAINT "tyUploadPoliciesUploadPolicyId" CHECK ("uploadPolicyId" GLOB '????????-????-????-????-????????????' AND "uploadPolicyId" NOT GLOB '*[^-0-9a-f]*' AND length(CAST(replace("uploadPolicyId", '-', '') AS BLOB)) = 32 /* uuid */),
    "subjectType" TEXT NOT NULL CONSTRAINT "tyUploadPoliciesSubjectType" CHECK (length("subjectType") <= 16 /* string(16) */),
    "subjectId" TEXT NOT NULL CONSTRAINT "tyUploadPoliciesSubjectId" CHECK (length("subjectId") BETWEEN 1 AND 128 AND substr("subjectId", -1) <> ' ' /* key(128) */),
    "maxUploadsPerWindow" INTEGER NOT NULL CONSTRAINT "tyUploadPoliciesMaxUploadsPerWindow" CHECK ("maxUploadsPerWindow" BETWEEN -2147483648 AND 2147483647 /* int */),
    "windowSeconds" INTEGER NOT NULL CONSTRAINT "tyUploadPoliciesWindowSeconds" CHECK ("windowSeconds" BETWEEN -2147483648 AND 2147483647 /* int */),
    "windowStartedAt" TEXT CONSTRAINT "tyUploadPoliciesWindowStartedAt" CHECK (length(CAST("windowStartedAt" AS BLOB)) = 24 AND "windowStartedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("windowStartedAt", 1, 19)) IS substr("windowStartedAt", 1, 19) AND substr("windowStartedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "uploadCount" INTEGER NOT NULL CONSTRAINT "dfUploadPoliciesUploadCount" DEFAULT (0) CONSTRAINT "tyUploadPoliciesUploadCount" CHECK ("uploadCount" BETWEEN -2147483648 AND 2147483647 /* int */),
    "cooldownSeconds" INTEGER NOT NULL CONSTRAINT "dfUploadPoliciesCooldownSeconds" DEFAULT (0) CONSTRAINT "tyUploadPoliciesCooldownSeconds" CHECK ("cooldownSeconds" BETWEEN -2147483648 AND 2147483647 /* int */),
    "cooldownUntil" TEXT CONSTRAINT "tyUploadPoliciesCooldownUntil" CHECK (length(CAST("cooldownUntil" AS BLOB)) = 24 AND "cooldownUntil" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("cooldownUntil", 1, 19)) IS substr("cooldownUntil", 1, 19) AND substr("cooldownUntil", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "lastUploadAt" TEXT CONSTRAINT "tyUploadPoliciesLastUploadAt" CHECK (length(CAST("lastUploadAt" AS BLOB)) = 24 AND "lastUploadAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("lastUploadAt", 1, 19)) IS substr("lastUploadAt", 1, 19) AND substr("lastUploadAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "isEnabled" INTEGER NOT NULL CONSTRAINT "dfUploadPoliciesIsEnabled" DEFAULT (1) CONSTRAINT "tyUploadPoliciesIsEnabled" CHECK ("isEnabled" IN (0, 1) /* bool */),
    "updatedBy" TEXT NOT NULL CONSTRAINT "tyUploadPoliciesUpdatedBy" CHECK (length("updatedBy") BETWEEN 1 AND 128 AND substr("updatedBy", -1) <> ' ' /* key(128) */),
    "createdAt" TEXT NOT NULL CONSTRAINT "dfUploadPoliciesCreatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyUploadPoliciesCreatedAt" CHECK (length(CAST("createdAt" AS BLOB)) = 24 AND "createdAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("createdAt", 1, 19)) IS substr("createdAt", 1, 19) AND substr("createdAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "updatedAt" TEXT NOT NULL CONSTRAINT "dfUploadPoliciesUpdatedAt" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CONSTRAINT "tyUploadPoliciesUpdatedAt" CHECK (length(CAST("updatedAt" AS BLOB)) = 24 AND "updatedAt" >= '0001' AND strftime('%Y-%m-%dT%H:%M:%S', substr("updatedAt", 1, 19)) IS substr("updatedAt", 1, 19) AND substr("updatedAt", 20) GLOB '.[0-9][0-9][0-9]Z' /* timestamp(3) */),
    "version" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "pkUploadPolicies" PRIMARY KEY ("tenantId", "uploadPolicyId"),
    CONSTRAINT "uqUploadPoliciesTenantIdSubjectTypeSubjectId" UNIQUE ("tenantId", "subjectType", "subjectId"),
    CONSTRAINT "ckUploadPoliciesSubjectType" CHECK ("subjectType" IN ('tenant', 'user')),
    CONSTRAINT "ckUploadPoliciesMaxUploadsPerWindow" CHECK ("maxUploadsPerWindow" >= 0),
    CONSTRAINT "ckUploadPoliciesWindowSeconds" CHECK ("windowSeconds" >= 1),
    CONSTRAINT "ckUploadPoliciesUploadCount" CHECK ("uploadCount" >= 0),
    CONSTRAINT "ckUploadPoliciesCooldownSeconds" CHECK ("cooldownSeconds" >= 0),
    CONSTRAINT "ckUploadPoliciesCountHasWindow" CHECK ("uploadCount" = 0 OR "windowStartedAt" IS NOT NULL)
) STRICT;

CREATE INDEX "ixUploadPoliciesTenantIdCooldownUntil" ON "uploadPolicies" ("tenantId", "cooldownUntil")
    WHERE "cooldownUntil" IS NOT NULL;

-- version of uploadPolicies counts the changes of a row.
CREATE TRIGGER "tyUploadPoliciesVersion" AFTER UPDATE ON "uploadPolicies" WHEN NEW."version" = OLD."version"
BEGIN
    UPDATE "uploadPolicies" SET "version" = OLD."version" + 1 WHERE rowid = NEW.rowid;
END;
