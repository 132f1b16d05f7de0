-- create table auditLogs (additive)
-- create table bomColumnMappings (additive)
-- create table jobRuns (additive)
-- create table columnDetectionAudits (additive)
-- create table historyEntries (additive)
-- create table uploadEvents (additive)
-- create table uploadPolicies (additive)

-- Table auditLogs: Who did what to which entity. Rows are only ever added.
CREATE TABLE [dbo].[auditLogs] (
    [tenantId]      nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [auditLogId]    uniqueidentifier NOT NULL CONSTRAINT [dfAuditLogsAuditLogId] DEFAULT (NEWSEQUENTIALID()),
    [actorType]     nvarchar(16)     NOT NULL,
    [actorId]       nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [action]        nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [entityType]    nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [entityId]      nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [outcome]       nvarchar(16)     NOT NULL,
    [correlationId] nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [details]       nvarchar(max)    NULL,
    [occurredAt]    datetime2(3)     NOT NULL CONSTRAINT [dfAuditLogsOccurredAt] DEFAULT (SYSUTCDATETIME()),
    [createdAt]     datetime2(3)     NOT NULL CONSTRAINT [dfAuditLogsCreatedAt] DEFAULT (SYSUTCDATETIME()),
    CONSTRAINT [pkAuditLogs] PRIMARY KEY CLUSTERED ([tenantId], [auditLogId]),
    CONSTRAINT [ckAuditLogsActorType] CHECK ([actorType] IN (N'user', N'service', N'admin')),
    CONSTRAINT [ckAuditLogsOutcome] CHECK ([outcome] IN (N'succeeded', N'denied', N'failed')),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyAuditLogsTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyAuditLogsActorId] CHECK (DATALENGTH([actorId]) > 0 AND [actorId] NOT LIKE N'% '),
    CONSTRAINT [tyAuditLogsAction] CHECK (DATALENGTH([action]) > 0 AND [action] NOT LIKE N'% '),
    CONSTRAINT [tyAuditLogsEntityType] CHECK (DATALENGTH([entityType]) > 0 AND [entityType] NOT LIKE N'% '),
    CONSTRAINT [tyAuditLogsEntityId] CHECK (DATALENGTH([entityId]) > 0 AND [entityId] NOT LIKE N'% '),
    CONSTRAINT [tyAuditLogsCorrelationId] CHECK (DATALENGTH([correlationId]) > 0 AND [correlationId] NOT LIKE N'% '),
    -- Documents: the column takes JSON only.
    CONSTRAINT [tyAuditLogsDetails] CHECK (ISJSON([details]) = 1)
);
GO

-- Indexes of auditLogs.
CREATE NONCLUSTERED INDEX [ixAuditLogsTenantIdOccurredAt]
    ON [dbo].[auditLogs] ([tenantId], [occurredAt] DESC);

CREATE NONCLUSTERED INDEX [ixAuditLogsTenantIdCorrelationId]
    ON [dbo].[auditLogs] ([tenantId], [correlationId]);

CREATE NONCLUSTERED INDEX [ixAuditLogsTenantIdEntityTypeEntityId]
    ON [dbo].[auditLogs] ([tenantId], [entityType], [entityId]);
GO

-- Descriptions of auditLogs, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who did what to which entity. Rows are only ever added.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The record.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'auditLogId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What kind of actor it was.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'actorType';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who acted.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'actorId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What was done.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'action';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What kind of thing it was done to.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'entityType';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The thing that it was done to.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'entityId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Whether it was done.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'outcome';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Ties together everything that one request caused.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'correlationId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What else is known about it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'details';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When it was done.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'occurredAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'auditLogs',
    @level2type = N'COLUMN', @level2name = N'createdAt';
GO

-- Rows of auditLogs are a record: they can be added, and neither changed nor removed.
-- A trigger has to be alone in its batch.
CREATE TRIGGER [dbo].[trAuditLogsAppendOnly]
ON [dbo].[auditLogs]
AFTER UPDATE, DELETE
AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (SELECT 1 FROM inserted)
    BEGIN
        THROW 51001, N'auditLogs is append-only: UPDATE is refused', 1;
    END;
    IF EXISTS (SELECT 1 FROM deleted)
    BEGIN
        THROW 51001, N'auditLogs is append-only: DELETE is refused', 1;
    END;
END;
GO

-- Table bomColumnMappings: Which column of an uploaded bill of materials means which field.
CREATE TABLE [dbo].[bomColumnMappings] (
    [tenantId]               nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [bomColumnMappingId]     uniqueidentifier NOT NULL CONSTRAINT [dfBomColumnMappingsBomColumnMappingId] DEFAULT (NEWSEQUENTIALID()),
    [mappingName]            nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [sourceColumn]           nvarchar(256)    NOT NULL,
    [normalizedSourceColumn] nvarchar(256)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [targetField]            nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [mappingSource]          nvarchar(16)     NOT NULL,
    [confidence]             decimal(5,4)     NULL,
    [isActive]               bit              NOT NULL CONSTRAINT [dfBomColumnMappingsIsActive] DEFAULT (1),
    [createdBy]              nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [updatedBy]              nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [createdAt]              datetime2(3)     NOT NULL CONSTRAINT [dfBomColumnMappingsCreatedAt] DEFAULT (SYSUTCDATETIME()),
    [updatedAt]              datetime2(3)     NOT NULL CONSTRAINT [dfBomColumnMappingsUpdatedAt] DEFAULT (SYSUTCDATETIME()),
    [version]                rowversion       NOT NULL,
    CONSTRAINT [pkBomColumnMappings] PRIMARY KEY CLUSTERED ([tenantId], [bomColumnMappingId]),
    CONSTRAINT [ckBomColumnMappingsMappingSource] CHECK (
        [mappingSource] IN (N'auto', N'manual', N'imported')
    ),
    CONSTRAINT [ckBomColumnMappingsConfidence] CHECK ([confidence] >= 0 AND [confidence] <= 1),
    CONSTRAINT [ckBomColumnMappingsAutoHasConfidence] CHECK (
        [mappingSource] <> N'auto'
        OR [confidence] IS NOT NULL
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyBomColumnMappingsTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyBomColumnMappingsMappingName] CHECK (DATALENGTH([mappingName]) > 0 AND [mappingName] NOT LIKE N'% '),
    CONSTRAINT [tyBomColumnMappingsNormalizedSourceColumn] CHECK (DATALENGTH([normalizedSourceColumn]) > 0 AND [normalizedSourceColumn] NOT LIKE N'% '),
    CONSTRAINT [tyBomColumnMappingsTargetField] CHECK (DATALENGTH([targetField]) > 0 AND [targetField] NOT LIKE N'% '),
    CONSTRAINT [tyBomColumnMappingsCreatedBy] CHECK (DATALENGTH([createdBy]) > 0 AND [createdBy] NOT LIKE N'% '),
    CONSTRAINT [tyBomColumnMappingsUpdatedBy] CHECK (DATALENGTH([updatedBy]) > 0 AND [updatedBy] NOT LIKE N'% ')
);
GO

-- Indexes of bomColumnMappings.
CREATE UNIQUE NONCLUSTERED INDEX [uqBomColumnMappingsActive]
    ON [dbo].[bomColumnMappings] ([tenantId], [mappingName], [normalizedSourceColumn])
    WHERE [isActive] = 1;

CREATE NONCLUSTERED INDEX [ixBomColumnMappingsTenantIdMappingNameTargetField]
    ON [dbo].[bomColumnMappings] ([tenantId], [mappingName], [targetField]);
GO

-- Descriptions of bomColumnMappings, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Which column of an uploaded bill of materials means which field.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The mapping.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'bomColumnMappingId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The set of mappings that it belongs to.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'mappingName';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The column''s header, as it stands in the file.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'sourceColumn';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The header as it is compared, trimmed, in lower case and with single spaces.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'normalizedSourceColumn';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The field that the column means.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'targetField';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How the mapping came about.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'mappingSource';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How sure an automatic mapping is, from 0 to 1.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'confidence';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Whether the mapping is used; replaced ones are kept.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'isActive';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who made the mapping.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'createdBy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who last changed it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'updatedBy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'createdAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was last changed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'updatedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Changes with every update, so that a stale write is noticed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'bomColumnMappings',
    @level2type = N'COLUMN', @level2name = N'version';
GO

-- Table jobRuns: One processing job, from intake to its final state.
CREATE TABLE [dbo].[jobRuns] (
    [tenantId]       nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [jobRunId]       uniqueidentifier NOT NULL CONSTRAINT [dfJobRunsJobRunId] DEFAULT (NEWSEQUENTIALID()),
    [jobType]        nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [status]         nvarchar(32)     NOT NULL CONSTRAINT [dfJobRunsStatus] DEFAULT (N'queued'),
    [idempotencyKey] nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [requestHash]    char(64)         NOT NULL,
    [correlationId]  nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [createdBy]      nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [sourceFileName] nvarchar(260)    NULL,
    [fileSizeBytes]  bigint           NULL,
    [fileSha256]     char(64)         NULL,
    [attemptCount]   int              NOT NULL CONSTRAINT [dfJobRunsAttemptCount] DEFAULT (0),
    [errorCode]      nvarchar(64)     COLLATE Latin1_General_100_BIN2 NULL,
    [errorMessage]   nvarchar(2000)   NULL,
    [queuedAt]       datetime2(3)     NOT NULL CONSTRAINT [dfJobRunsQueuedAt] DEFAULT (SYSUTCDATETIME()),
    [startedAt]      datetime2(3)     NULL,
    [finishedAt]     datetime2(3)     NULL,
    [createdAt]      datetime2(3)     NOT NULL CONSTRAINT [dfJobRunsCreatedAt] DEFAULT (SYSUTCDATETIME()),
    [updatedAt]      datetime2(3)     NOT NULL CONSTRAINT [dfJobRunsUpdatedAt] DEFAULT (SYSUTCDATETIME()),
    [version]        rowversion       NOT NULL,
    CONSTRAINT [pkJobRuns] PRIMARY KEY CLUSTERED ([tenantId], [jobRunId]),
    CONSTRAINT [uqJobRunsTenantIdIdempotencyKey] UNIQUE NONCLUSTERED ([tenantId], [idempotencyKey]),
    CONSTRAINT [ckJobRunsStatus] CHECK (
        [status] IN (N'queued', N'running', N'succeeded', N'failed', N'cancelled')
    ),
    CONSTRAINT [ckJobRunsFileSizeBytes] CHECK ([fileSizeBytes] >= 0),
    CONSTRAINT [ckJobRunsAttemptCount] CHECK ([attemptCount] >= 0),
    CONSTRAINT [ckJobRunsFinishedAfterStarted] CHECK (
        [finishedAt] IS NULL
        OR [startedAt] IS NULL
        OR [finishedAt] >= [startedAt]
    ),
    CONSTRAINT [ckJobRunsFinishedIsFinal] CHECK (
        ([status] IN (N'queued', N'running') AND [finishedAt] IS NULL)
        OR ([status] IN (N'succeeded', N'failed', N'cancelled') AND [finishedAt] IS NOT NULL)
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyJobRunsTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyJobRunsJobType] CHECK (DATALENGTH([jobType]) > 0 AND [jobType] NOT LIKE N'% '),
    CONSTRAINT [tyJobRunsIdempotencyKey] CHECK (DATALENGTH([idempotencyKey]) > 0 AND [idempotencyKey] NOT LIKE N'% '),
    CONSTRAINT [tyJobRunsCorrelationId] CHECK (DATALENGTH([correlationId]) > 0 AND [correlationId] NOT LIKE N'% '),
    CONSTRAINT [tyJobRunsCreatedBy] CHECK (DATALENGTH([createdBy]) > 0 AND [createdBy] NOT LIKE N'% '),
    CONSTRAINT [tyJobRunsErrorCode] CHECK (DATALENGTH([errorCode]) > 0 AND [errorCode] NOT LIKE N'% ')
);
GO

-- Indexes of jobRuns.
CREATE NONCLUSTERED INDEX [ixJobRunsTenantIdStatusCreatedAt]
    ON [dbo].[jobRuns] ([tenantId], [status], [createdAt] DESC);

CREATE NONCLUSTERED INDEX [ixJobRunsOpen]
    ON [dbo].[jobRuns] ([tenantId], [queuedAt])
    INCLUDE ([status], [jobType], [attemptCount])
    WHERE [status] IN (N'queued', N'running');

CREATE NONCLUSTERED INDEX [ixJobRunsTenantIdCorrelationId]
    ON [dbo].[jobRuns] ([tenantId], [correlationId]);
GO

-- Descriptions of jobRuns, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'One processing job, from intake to its final state.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'jobRunId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What kind of work it is.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'jobType';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Where the job stands; the last three are final.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'status';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Chosen by the caller; a second request with it gets the first one''s job.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'idempotencyKey';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'SHA-256 of the request in hexadecimal, to tell a repetition from another request under one key.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'requestHash';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Ties together everything that one request caused.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'correlationId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who asked for the job.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'createdBy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The name of the uploaded file, as the user knows it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'sourceFileName';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The size of the uploaded file.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'fileSizeBytes';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'SHA-256 of the uploaded file in hexadecimal.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'fileSha256';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How often the job was started.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'attemptCount';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Why it failed, for programs.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'errorCode';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Why it failed, for people.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'errorMessage';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When it was accepted.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'queuedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When its last attempt began.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'startedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When it reached a final state.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'finishedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'createdAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was last changed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'updatedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Changes with every update, so that a stale write is noticed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'jobRuns',
    @level2type = N'COLUMN', @level2name = N'version';
GO

-- Table columnDetectionAudits: What the detection of columns found in a file, and what people made of it.
CREATE TABLE [dbo].[columnDetectionAudits] (
    [tenantId]               nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [columnDetectionAuditId] uniqueidentifier NOT NULL CONSTRAINT [dfColumnDetectionAuditsColumnDetectionAuditId] DEFAULT (NEWSEQUENTIALID()),
    [jobRunId]               uniqueidentifier NOT NULL,
    [sheetName]              nvarchar(128)    NOT NULL,
    [columnIndex]            int              NOT NULL,
    [headerText]             nvarchar(512)    NULL,
    [detectedField]          nvarchar(128)    COLLATE Latin1_General_100_BIN2 NULL,
    [confidence]             decimal(5,4)     NOT NULL,
    [strategy]               nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [candidates]             nvarchar(max)    NULL,
    [wasChosen]              bit              NOT NULL CONSTRAINT [dfColumnDetectionAuditsWasChosen] DEFAULT (0),
    [reviewedBy]             nvarchar(128)    COLLATE Latin1_General_100_BIN2 NULL,
    [reviewedAt]             datetime2(3)     NULL,
    [detectedAt]             datetime2(3)     NOT NULL CONSTRAINT [dfColumnDetectionAuditsDetectedAt] DEFAULT (SYSUTCDATETIME()),
    [createdAt]              datetime2(3)     NOT NULL CONSTRAINT [dfColumnDetectionAuditsCreatedAt] DEFAULT (SYSUTCDATETIME()),
    CONSTRAINT [pkColumnDetectionAudits] PRIMARY KEY CLUSTERED ([tenantId], [columnDetectionAuditId]),
    CONSTRAINT [uqColumnDetectionAuditsTenantIdJobRunIdSheetNameColumnIndexStrategy] UNIQUE NONCLUSTERED ([tenantId], [jobRunId], [sheetName], [columnIndex], [strategy]),
    CONSTRAINT [ckColumnDetectionAuditsColumnIndex] CHECK ([columnIndex] >= 0),
    CONSTRAINT [ckColumnDetectionAuditsConfidence] CHECK ([confidence] >= 0 AND [confidence] <= 1),
    CONSTRAINT [ckColumnDetectionAuditsReview] CHECK (
        ([reviewedBy] IS NULL AND [reviewedAt] IS NULL)
        OR ([reviewedBy] IS NOT NULL AND [reviewedAt] IS NOT NULL)
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyColumnDetectionAuditsTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyColumnDetectionAuditsDetectedField] CHECK (DATALENGTH([detectedField]) > 0 AND [detectedField] NOT LIKE N'% '),
    CONSTRAINT [tyColumnDetectionAuditsStrategy] CHECK (DATALENGTH([strategy]) > 0 AND [strategy] NOT LIKE N'% '),
    CONSTRAINT [tyColumnDetectionAuditsReviewedBy] CHECK (DATALENGTH([reviewedBy]) > 0 AND [reviewedBy] NOT LIKE N'% '),
    -- Documents: the column takes JSON only.
    CONSTRAINT [tyColumnDetectionAuditsCandidates] CHECK (ISJSON([candidates]) = 1),
    CONSTRAINT [fkColumnDetectionAuditsJobRuns] FOREIGN KEY ([tenantId], [jobRunId])
        REFERENCES [dbo].[jobRuns] ([tenantId], [jobRunId])
);
GO

-- Indexes of columnDetectionAudits.
CREATE NONCLUSTERED INDEX [ixColumnDetectionAuditsUnreviewed]
    ON [dbo].[columnDetectionAudits] ([tenantId], [detectedAt] DESC)
    INCLUDE ([jobRunId], [detectedField], [confidence])
    WHERE [reviewedAt] IS NULL;
GO

-- Descriptions of columnDetectionAudits, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What the detection of columns found in a file, and what people made of it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The record.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'columnDetectionAuditId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job in which the column was looked at.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'jobRunId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The sheet of the file.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'sheetName';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The column''s place in the sheet, from 0.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'columnIndex';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The column''s header, as it stands in the file.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'headerText';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The field that was recognised; none if the column stayed unknown.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'detectedField';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How sure the strategy is, from 0 to 1.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'confidence';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The way in which it was recognised.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'strategy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The fields that were considered, with the confidence of each.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'candidates';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Whether this finding was the one that was used.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'wasChosen';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who looked at it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'reviewedBy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When somebody looked at it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'reviewedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When it was recognised.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'detectedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'columnDetectionAudits',
    @level2type = N'COLUMN', @level2name = N'createdAt';
GO

-- Table historyEntries: What happened to a job, step by step. Rows are only ever added.
CREATE TABLE [dbo].[historyEntries] (
    [tenantId]       nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [historyEntryId] uniqueidentifier NOT NULL CONSTRAINT [dfHistoryEntriesHistoryEntryId] DEFAULT (NEWSEQUENTIALID()),
    [jobRunId]       uniqueidentifier NOT NULL,
    [sequence]       int              NOT NULL,
    [eventType]      nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [fromStatus]     nvarchar(32)     NULL,
    [toStatus]       nvarchar(32)     NULL,
    [message]        nvarchar(2000)   NULL,
    [details]        nvarchar(max)    NULL,
    [actorId]        nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [correlationId]  nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [occurredAt]     datetime2(3)     NOT NULL CONSTRAINT [dfHistoryEntriesOccurredAt] DEFAULT (SYSUTCDATETIME()),
    [createdAt]      datetime2(3)     NOT NULL CONSTRAINT [dfHistoryEntriesCreatedAt] DEFAULT (SYSUTCDATETIME()),
    CONSTRAINT [pkHistoryEntries] PRIMARY KEY CLUSTERED ([tenantId], [historyEntryId]),
    CONSTRAINT [uqHistoryEntriesTenantIdJobRunIdSequence] UNIQUE NONCLUSTERED ([tenantId], [jobRunId], [sequence]),
    CONSTRAINT [ckHistoryEntriesSequence] CHECK ([sequence] >= 1),
    CONSTRAINT [ckHistoryEntriesFromStatus] CHECK (
        [fromStatus] IN (N'queued', N'running', N'succeeded', N'failed', N'cancelled')
    ),
    CONSTRAINT [ckHistoryEntriesToStatus] CHECK (
        [toStatus] IN (N'queued', N'running', N'succeeded', N'failed', N'cancelled')
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyHistoryEntriesTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyHistoryEntriesEventType] CHECK (DATALENGTH([eventType]) > 0 AND [eventType] NOT LIKE N'% '),
    CONSTRAINT [tyHistoryEntriesActorId] CHECK (DATALENGTH([actorId]) > 0 AND [actorId] NOT LIKE N'% '),
    CONSTRAINT [tyHistoryEntriesCorrelationId] CHECK (DATALENGTH([correlationId]) > 0 AND [correlationId] NOT LIKE N'% '),
    -- Documents: the column takes JSON only.
    CONSTRAINT [tyHistoryEntriesDetails] CHECK (ISJSON([details]) = 1),
    CONSTRAINT [fkHistoryEntriesJobRuns] FOREIGN KEY ([tenantId], [jobRunId])
        REFERENCES [dbo].[jobRuns] ([tenantId], [jobRunId])
);
GO

-- Indexes of historyEntries.
CREATE NONCLUSTERED INDEX [ixHistoryEntriesTenantIdOccurredAt]
    ON [dbo].[historyEntries] ([tenantId], [occurredAt] DESC);

CREATE NONCLUSTERED INDEX [ixHistoryEntriesTenantIdCorrelationId]
    ON [dbo].[historyEntries] ([tenantId], [correlationId]);
GO

-- Descriptions of historyEntries, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What happened to a job, step by step. Rows are only ever added.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The entry.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'historyEntryId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job that it tells about.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'jobRunId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The entry''s place among those of its job, from 1 without gaps.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'sequence';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What happened, for programs.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'eventType';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job''s status before, if it changed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'fromStatus';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job''s status after, if it changed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'toStatus';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What happened, for people.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'message';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What else is known about it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'details';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who or what caused it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'actorId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Ties together everything that one request caused.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'correlationId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When it happened.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'occurredAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'historyEntries',
    @level2type = N'COLUMN', @level2name = N'createdAt';
GO

-- Rows of historyEntries are a record: they can be added, and neither changed nor removed.
-- A trigger has to be alone in its batch.
CREATE TRIGGER [dbo].[trHistoryEntriesAppendOnly]
ON [dbo].[historyEntries]
AFTER UPDATE, DELETE
AS
BEGIN
    SET NOCOUNT ON;
    IF EXISTS (SELECT 1 FROM inserted)
    BEGIN
        THROW 51001, N'historyEntries is append-only: UPDATE is refused', 1;
    END;
    IF EXISTS (SELECT 1 FROM deleted)
    BEGIN
        THROW 51001, N'historyEntries is append-only: DELETE is refused', 1;
    END;
END;
GO

-- Table uploadEvents: Every attempt to upload a file, with what became of it.
CREATE TABLE [dbo].[uploadEvents] (
    [tenantId]       nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [uploadEventId]  uniqueidentifier NOT NULL CONSTRAINT [dfUploadEventsUploadEventId] DEFAULT (NEWSEQUENTIALID()),
    [jobRunId]       uniqueidentifier NULL,
    [userId]         nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [outcome]        nvarchar(16)     NOT NULL,
    [reasonCode]     nvarchar(64)     COLLATE Latin1_General_100_BIN2 NULL,
    [fileName]       nvarchar(260)    NULL,
    [fileSizeBytes]  bigint           NULL,
    [idempotencyKey] nvarchar(128)    COLLATE Latin1_General_100_BIN2 NULL,
    [correlationId]  nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [occurredAt]     datetime2(3)     NOT NULL CONSTRAINT [dfUploadEventsOccurredAt] DEFAULT (SYSUTCDATETIME()),
    [createdAt]      datetime2(3)     NOT NULL CONSTRAINT [dfUploadEventsCreatedAt] DEFAULT (SYSUTCDATETIME()),
    CONSTRAINT [pkUploadEvents] PRIMARY KEY CLUSTERED ([tenantId], [uploadEventId]),
    CONSTRAINT [ckUploadEventsOutcome] CHECK (
        [outcome] IN (N'accepted', N'duplicate', N'rejected', N'throttled')
    ),
    CONSTRAINT [ckUploadEventsFileSizeBytes] CHECK ([fileSizeBytes] >= 0),
    CONSTRAINT [ckUploadEventsOutcomeHasJob] CHECK (
        [outcome] IN (N'rejected', N'throttled')
        OR [jobRunId] IS NOT NULL
    ),
    CONSTRAINT [ckUploadEventsOutcomeHasReason] CHECK (
        [outcome] IN (N'accepted', N'duplicate')
        OR [reasonCode] IS NOT NULL
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyUploadEventsTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyUploadEventsUserId] CHECK (DATALENGTH([userId]) > 0 AND [userId] NOT LIKE N'% '),
    CONSTRAINT [tyUploadEventsReasonCode] CHECK (DATALENGTH([reasonCode]) > 0 AND [reasonCode] NOT LIKE N'% '),
    CONSTRAINT [tyUploadEventsIdempotencyKey] CHECK (DATALENGTH([idempotencyKey]) > 0 AND [idempotencyKey] NOT LIKE N'% '),
    CONSTRAINT [tyUploadEventsCorrelationId] CHECK (DATALENGTH([correlationId]) > 0 AND [correlationId] NOT LIKE N'% '),
    CONSTRAINT [fkUploadEventsJobRuns] FOREIGN KEY ([tenantId], [jobRunId])
        REFERENCES [dbo].[jobRuns] ([tenantId], [jobRunId])
);
GO

-- Indexes of uploadEvents.
CREATE NONCLUSTERED INDEX [ixUploadEventsTenantIdUserIdOccurredAt]
    ON [dbo].[uploadEvents] ([tenantId], [userId], [occurredAt] DESC);

CREATE NONCLUSTERED INDEX [ixUploadEventsTenantIdJobRunId]
    ON [dbo].[uploadEvents] ([tenantId], [jobRunId])
    WHERE [jobRunId] IS NOT NULL;

CREATE NONCLUSTERED INDEX [ixUploadEventsTenantIdCorrelationId]
    ON [dbo].[uploadEvents] ([tenantId], [correlationId]);
GO

-- Descriptions of uploadEvents, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Every attempt to upload a file, with what became of it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The event.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'uploadEventId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The job that the upload led to, or that it repeats; none when it was turned away.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'jobRunId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who uploaded.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'userId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'What became of the attempt.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'outcome';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Why it was turned away.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'reasonCode';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The file''s name, as the user knows it.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'fileName';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The file''s size.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'fileSizeBytes';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The key that came with the request.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'idempotencyKey';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Ties together everything that one request caused.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'correlationId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the attempt was made.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'occurredAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadEvents',
    @level2type = N'COLUMN', @level2name = N'createdAt';
GO

-- Table uploadPolicies: How much a tenant or a user may upload, and how much of it is used up.
CREATE TABLE [dbo].[uploadPolicies] (
    [tenantId]            nvarchar(64)     COLLATE Latin1_General_100_BIN2 NOT NULL,
    [uploadPolicyId]      uniqueidentifier NOT NULL CONSTRAINT [dfUploadPoliciesUploadPolicyId] DEFAULT (NEWSEQUENTIALID()),
    [subjectType]         nvarchar(16)     NOT NULL,
    [subjectId]           nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [maxUploadsPerWindow] int              NOT NULL,
    [windowSeconds]       int              NOT NULL,
    [windowStartedAt]     datetime2(3)     NULL,
    [uploadCount]         int              NOT NULL CONSTRAINT [dfUploadPoliciesUploadCount] DEFAULT (0),
    [cooldownSeconds]     int              NOT NULL CONSTRAINT [dfUploadPoliciesCooldownSeconds] DEFAULT (0),
    [cooldownUntil]       datetime2(3)     NULL,
    [lastUploadAt]        datetime2(3)     NULL,
    [isEnabled]           bit              NOT NULL CONSTRAINT [dfUploadPoliciesIsEnabled] DEFAULT (1),
    [updatedBy]           nvarchar(128)    COLLATE Latin1_General_100_BIN2 NOT NULL,
    [createdAt]           datetime2(3)     NOT NULL CONSTRAINT [dfUploadPoliciesCreatedAt] DEFAULT (SYSUTCDATETIME()),
    [updatedAt]           datetime2(3)     NOT NULL CONSTRAINT [dfUploadPoliciesUpdatedAt] DEFAULT (SYSUTCDATETIME()),
    [version]             rowversion       NOT NULL,
    CONSTRAINT [pkUploadPolicies] PRIMARY KEY CLUSTERED ([tenantId], [uploadPolicyId]),
    CONSTRAINT [uqUploadPoliciesTenantIdSubjectTypeSubjectId] UNIQUE NONCLUSTERED ([tenantId], [subjectType], [subjectId]),
    CONSTRAINT [ckUploadPoliciesSubjectType] CHECK ([subjectType] IN (N'tenant', N'user')),
    CONSTRAINT [ckUploadPoliciesMaxUploadsPerWindow] CHECK ([maxUploadsPerWindow] >= 0),
    CONSTRAINT [ckUploadPoliciesWindowSeconds] CHECK ([windowSeconds] >= 1),
    CONSTRAINT [ckUploadPoliciesUploadCount] CHECK ([uploadCount] >= 0),
    CONSTRAINT [ckUploadPoliciesCooldownSeconds] CHECK ([cooldownSeconds] >= 0),
    CONSTRAINT [ckUploadPoliciesCountHasWindow] CHECK (
        [uploadCount] = 0
        OR [windowStartedAt] IS NOT NULL
    ),
    -- Identifiers: = ignores trailing spaces, so none may end in one, and none is empty.
    CONSTRAINT [tyUploadPoliciesTenantId] CHECK (DATALENGTH([tenantId]) > 0 AND [tenantId] NOT LIKE N'% '),
    CONSTRAINT [tyUploadPoliciesSubjectId] CHECK (DATALENGTH([subjectId]) > 0 AND [subjectId] NOT LIKE N'% '),
    CONSTRAINT [tyUploadPoliciesUpdatedBy] CHECK (DATALENGTH([updatedBy]) > 0 AND [updatedBy] NOT LIKE N'% ')
);
GO

-- Indexes of uploadPolicies.
CREATE NONCLUSTERED INDEX [ixUploadPoliciesTenantIdCooldownUntil]
    ON [dbo].[uploadPolicies] ([tenantId], [cooldownUntil])
    WHERE [cooldownUntil] IS NOT NULL;
GO

-- Descriptions of uploadPolicies, for tools.
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How much a tenant or a user may upload, and how much of it is used up.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant that the row belongs to; compared byte by byte.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'tenantId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The policy.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'uploadPolicyId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Whether it binds the whole tenant or one user.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'subjectType';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'The tenant or user that it binds.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'subjectId';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How many uploads one window allows.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'maxUploadsPerWindow';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How long a window lasts.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'windowSeconds';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the current window began; none before the first upload.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'windowStartedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Uploads in the current window. Kept here so that a restart forgets none.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'uploadCount';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'How long uploads stay refused once the limit is passed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'cooldownSeconds';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Until when uploads are refused.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'cooldownUntil';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the last upload was accepted.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'lastUploadAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Whether the policy is in force.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'isEnabled';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Who last changed the policy.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'updatedBy';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was written.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'createdAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'When the row was last changed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'updatedAt';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Changes with every update, so that a stale write is noticed.',
    @level0type = N'SCHEMA', @level0name = N'dbo', @level1type = N'TABLE', @level1name = N'uploadPolicies',
    @level2type = N'COLUMN', @level2name = N'version';
GO
